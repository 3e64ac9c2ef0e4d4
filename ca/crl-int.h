/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_CRL_INT_H
#define SG_CA_CRL_INT_H

/* What reading and writing of CRLs share. Inside ca/ only. */

#include "ca/crl.h"

#define CA_CRL_SERIAL_MAX 20 /* octets, RFC 5280 4.1.2.2 */
#define CA_CRL_NUMBER_MAX 20 /* octets, RFC 5280 5.2.3 */

/* What is wrong with it in a full CRL, or NULL. */
const char *ca_reason_fault(uint64_t reason);
/* INTEGER content: what is wrong with it, or NULL. */
const char *ca_crl_serial_fault(struct sg_slice serial);
/* As memcmp; both are faultless. */
int ca_serial_order(struct sg_slice a, struct sg_slice b);
/* *ret is to be freed. SG_POLICY when a serial stands twice. n is not 0. */
enum sg_rc ca_crl_sort(const struct ca_revoked *revoked, size_t n,
                       const struct ca_revoked ***ret, struct sg_err *err);
enum sg_rc ca_crl_check_issuer(const struct ca_cert *issuer,
                               struct sg_err *err);

#endif
