/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_REQUEST_SCHEMA_H
#define SG_CEREMONY_REQUEST_SCHEMA_H

/* The keys of a request's YAML file. Immutable; inside ceremony/ only. */

#include "ceremony/request.h"
#include "common/config.h"

extern const cyaml_schema_value_t CER_REQUEST_SCHEMA;

#endif
