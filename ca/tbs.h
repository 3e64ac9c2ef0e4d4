/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_TBS_H
#define SG_CA_TBS_H

/* Fields that every TBSCertificate of ours has (RFC 5280 4.1.2). Pure.
 * Failures stick in the writer. */

#include "ca/rules.h"

/* Version v3, serial as its INTEGER content, signature algorithm. */
void ca_tbs_head(struct sg_derw *w, struct sg_slice serial, enum ca_sigalg alg);
void ca_tbs_validity(struct sg_derw *w, struct ca_period period);

#endif
