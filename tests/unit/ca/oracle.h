/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_TESTS_UNIT_CA_ORACLE_H
#define SG_TESTS_UNIT_CA_ORACLE_H

/* What the openssl and certtool commands say about certificates of ours. */

#include "tests/lib/run.h"
#include "tests/unit/ca/kit.h"

void oracle_open(void); /* a private directory for the files */
void oracle_close(void);

/* A chain as clients see it, DER. low is a second intermediate, or NULL. */
struct oracle_chain {
    const struct sg_buf *root, *inter, *low, *leaf;
    int64_t at; /* 0: the present */
};
/* openssl verify -x509_strict and certtool --verify accept it, asn1parse reads
 * every certificate to its end. certtool 3.7 knows only the present and is
 * left out when at is set. */
void oracle_accepts(const struct oracle_chain *chain);
/* openssl verify refuses it, with this in its output. */
void oracle_refuses(const struct oracle_chain *chain, const char *text);
/* Every text stands in "openssl x509 -text"; the list ends with NULL. */
void oracle_shows(const struct sg_buf *der, const char *const *texts);

#endif
