/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_CERT_H
#define SG_CA_CERT_H

/* Certificates read strictly, by our own walker. Everything borrowed from the
 * DER or held in the arena. Pure. */

#include "ca/constraints.h"
#include "ca/spki.h"

#define CA_CERT_MAX 32768 /* bytes */
#define CA_EXTENSIONS_MAX 32

/* RFC 5280 4.2.1.3, bit 0 first. */
enum ca_key_usage {
    CA_KU_DIGITAL_SIGNATURE = 1 << 0,
    CA_KU_CONTENT_COMMITMENT = 1 << 1,
    CA_KU_KEY_ENCIPHERMENT = 1 << 2,
    CA_KU_DATA_ENCIPHERMENT = 1 << 3,
    CA_KU_KEY_AGREEMENT = 1 << 4,
    CA_KU_KEY_CERT_SIGN = 1 << 5,
    CA_KU_CRL_SIGN = 1 << 6,
    CA_KU_ENCIPHER_ONLY = 1 << 7,
    CA_KU_DECIPHER_ONLY = 1 << 8
};

struct ca_extension {
    struct sg_slice oid; /* content octets */
    bool critical;
    struct sg_slice value; /* content of the OCTET STRING */
};

struct ca_cert {
    struct sg_slice der, tbs;
    struct sg_slice serial; /* INTEGER content */
    enum ca_sigalg alg;
    struct sg_slice signature;
    struct sg_slice issuer, subject; /* whole Names */
    int64_t not_before, not_after;
    struct ca_spki spki;
    struct ca_extension ext[CA_EXTENSIONS_MAX];
    size_t n_ext;
    /* read from the extensions */
    bool has_basic_constraints, is_ca, has_path_length;
    uint32_t path_length;
    bool has_key_usage;
    uint16_t key_usage;
    struct sg_slice ski, aki; /* key identifiers; p NULL when absent */
    bool has_constraints;
    struct ca_constraints constraints;
    bool has_sans;
    struct ca_sans sans;
    bool has_eku;
    struct sg_slice eku; /* SEQUENCE content: OIDs */
};

/* SG_FORMAT / SG_POLICY with "certificate: …": duplicate extension, unknown
 * critical one, inner and outer algorithm differ, version not 3, … DNS names are
 * read as ca_sans_add_dns_lax() takes them: what exists may hold names that
 * would not be made. */
enum sg_rc ca_cert_parse(struct sg_arena *arena, struct sg_slice der,
                         struct ca_cert *ret, struct sg_err *err);
/* The same for a TBSCertificate without its signature (der and
 * signature stay empty, alg is the inner one). */
enum sg_rc ca_cert_parse_tbs(struct sg_arena *arena, struct sg_slice tbs,
                             struct ca_cert *ret, struct sg_err *err);
/* Is issuer the one that signed cert: names, key identifiers, signature. */
enum sg_rc ca_cert_check_signed_by(const struct ca_cert *cert,
                                   const struct ca_cert *issuer,
                                   struct sg_err *err);
bool ca_cert_self_issued(const struct ca_cert *cert);

#endif
