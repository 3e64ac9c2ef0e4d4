/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_COMMON_DER_H
#define SG_COMMON_DER_H

/* Strict DER (X.690 clause 10): definite and minimal lengths, one-octet tags.
 * The reader walks borrowed bytes and never recurses; the writer appends to a
 * buffer and remembers its first failure. Not thread-safe. */

#include "common/buf.h"

/* Universal tags as they stand on the wire. */
enum sg_der_tag {
    SG_DER_BOOLEAN = 0x01,
    SG_DER_INTEGER = 0x02,
    SG_DER_BIT_STRING = 0x03,
    SG_DER_OCTET_STRING = 0x04,
    SG_DER_NULL = 0x05,
    SG_DER_OID = 0x06,
    SG_DER_ENUMERATED = 0x0a,
    SG_DER_UTF8_STRING = 0x0c,
    SG_DER_PRINTABLE_STRING = 0x13,
    SG_DER_T61_STRING = 0x14,
    SG_DER_IA5_STRING = 0x16,
    SG_DER_UTC_TIME = 0x17,
    SG_DER_GENERALIZED_TIME = 0x18,
    SG_DER_UNIVERSAL_STRING = 0x1c,
    SG_DER_BMP_STRING = 0x1e,
    SG_DER_SEQUENCE = 0x30,
    SG_DER_SET = 0x31
};
#define SG_DER_CONTEXT(n) ((uint8_t)(0x80 | (n)))             /* [n] IMPLICIT */
#define SG_DER_CONTEXT_CONSTRUCTED(n) ((uint8_t)(0xa0 | (n))) /* [n] { … } */

/* --- reading ------------------------------------------------------------ */

/* A position inside borrowed DER. what names the structure in errors
 * ("csr"), base is where offsets are counted from. */
struct sg_der {
    const uint8_t *p;
    const uint8_t *end;
    const uint8_t *base;
    const char *what;
};

/* One element: its content, and the whole of it with tag and length. */
struct sg_der_tlv {
    uint8_t tag;
    struct sg_slice content;
    struct sg_slice whole;
};

void sg_der_init(struct sg_der *in, struct sg_slice bytes, const char *what);
bool sg_der_more(const struct sg_der *in);
/* Is the next element of this tag? False at the end. */
bool sg_der_next_is(const struct sg_der *in, uint8_t tag);
/* Errors are SG_FORMAT: "csr: offset 12: indefinite length (X.690 10.1)". */
enum sg_rc sg_der_any(struct sg_der *in, struct sg_der_tlv *ret,
                      struct sg_err *err);
enum sg_rc sg_der_get(struct sg_der *in, uint8_t tag, struct sg_der_tlv *ret,
                      struct sg_err *err);
/* Step into a constructed element: *ret_inner reads its content. */
enum sg_rc sg_der_enter(struct sg_der *in, uint8_t tag,
                        struct sg_der *ret_inner, struct sg_err *err);
enum sg_rc sg_der_end(const struct sg_der *in, struct sg_err *err);
/* A reader over the content of an element that was already taken. */
void sg_der_inside(const struct sg_der *parent, const struct sg_der_tlv *tlv,
                   struct sg_der *ret_inner);

enum sg_rc sg_der_bool(struct sg_der *in, bool *ret, struct sg_err *err);
/* Non-negative and minimal, at most UINT64_MAX. */
enum sg_rc sg_der_uint(struct sg_der *in, uint64_t *ret, struct sg_err *err);
/* Any minimal INTEGER; content as on the wire (two's complement). */
enum sg_rc sg_der_integer(struct sg_der *in, struct sg_slice *ret,
                          struct sg_err *err);
enum sg_rc sg_der_oid(struct sg_der *in, struct sg_slice *ret,
                      struct sg_err *err); /* content octets, checked */
/* BIT STRING with no unused bits (keys, signatures). */
enum sg_rc sg_der_bits(struct sg_der *in, struct sg_slice *ret,
                       struct sg_err *err);
/* NamedBitList of at most 16 bits; bit 0 of *ret is the first named bit.
 * Trailing zero bits are refused (X.690 11.2.2). */
enum sg_rc sg_der_named_bits(struct sg_der *in, uint16_t *ret,
                             struct sg_err *err);
/* UTCTime to 2049, GeneralizedTime from 2050, "Z", no fraction (RFC 5280
 * 4.1.2.5). Seconds since 1970. */
enum sg_rc sg_der_time(struct sg_der *in, int64_t *ret, struct sg_err *err);

#define SG_DER_DEPTH_MAX 32
/* The bytes are exactly one well-formed element, nested at most max_depth
 * (1–SG_DER_DEPTH_MAX) deep with at most max_elements, itself included. Held
 * against the rules of their types: BOOLEAN, INTEGER, ENUMERATED, NULL, OID,
 * BIT STRING; the order inside a SET OF is not. Iterative. */
enum sg_rc sg_der_check(struct sg_slice bytes, const char *what,
                        unsigned max_depth, unsigned max_elements,
                        struct sg_err *err);

/* --- writing ------------------------------------------------------------ */

/* Appends to out. The first failure sticks and later calls do nothing;
 * sg_derw_finish() reports it. */
struct sg_derw {
    struct sg_buf *out;
    unsigned depth;
    struct sg_err err;
};

void sg_derw_init(struct sg_derw *w, struct sg_buf *out);
enum sg_rc sg_derw_finish(struct sg_derw *w, struct sg_err *err);
/* Open a constructed (or wrapping) element; close it with the value that
 * begin returned, innermost first. */
size_t sg_derw_begin(struct sg_derw *w, uint8_t tag);
void sg_derw_end(struct sg_derw *w, size_t mark);
void sg_derw_raw(struct sg_derw *w, struct sg_slice der); /* encoded already */
void sg_derw_tlv(struct sg_derw *w, uint8_t tag, struct sg_slice content);
void sg_derw_bool(struct sg_derw *w, bool v);
void sg_derw_uint(struct sg_derw *w, uint64_t v);
/* Big-endian magnitude as a positive INTEGER, made minimal. */
void sg_derw_unsigned(struct sg_derw *w, struct sg_slice magnitude);
void sg_derw_null(struct sg_derw *w);
void sg_derw_oid(struct sg_derw *w, struct sg_slice content);
void sg_derw_bits(struct sg_derw *w, struct sg_slice bytes);
void sg_derw_named_bits(struct sg_derw *w, uint16_t bits);
void sg_derw_time(struct sg_derw *w, int64_t t); /* RFC 5280 4.1.2.5 choice */

/* --- object identifiers -------------------------------------------------- */

#define SG_OID_TEXT_MAX 128
/* "1.2.840.10045.2.1" to content octets; SG_FORMAT names the fault. */
enum sg_rc sg_oid_from_text(const char *text, struct sg_buf *out,
                            struct sg_err *err);
/* Dotted text of content octets; "?" when they are no OID. Returns dst. */
const char *sg_oid_to_text(struct sg_slice oid, char dst[SG_OID_TEXT_MAX]);

#endif
