/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_WEAK_H
#define SG_CA_WEAK_H

/* RSA moduli that anybody can factor (BR 6.1.1.3). Pure; inside ca/ only. */

#include "common/buf.h"

/* SG_POLICY for the fingerprint of CVE-2017-15361 (ROCA) and for primes so
 * close together that Fermat's method finds them within 100 rounds. modulus is
 * an odd magnitude. */
enum sg_rc ca_weak_rsa(struct sg_slice modulus, struct sg_err *err);

#endif
