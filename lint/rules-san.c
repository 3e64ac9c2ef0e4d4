/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/rules.h"

#include <stdlib.h>
#include <string.h>

#include "lint/names.h"

#define DNS_MAX 253  /* RFC 1035 2.3.4, as text */
#define VALUE_MAX 96 /* characters of a name that a finding shows */

/* A walk over the names; begins as zeroes. */
struct walk {
    struct lint_iter iter;
    bool begun;
};

static bool next_name(const struct lint_job *job, struct walk *walk,
                      struct sg_der_tlv *ret)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_SAN);

    if (ext == NULL)
        return false;
    if (!walk->begun)
        lint_iter_init(&walk->iter, ext->value, "subjectAltName");
    walk->begun = true;
    return lint_iter_next(&walk->iter, ret);
}

/* The next one of this form that is not empty: its content. */
static bool next_of(const struct lint_job *job, struct walk *walk, uint8_t tag,
                    struct sg_slice *ret)
{
    struct sg_der_tlv name;

    while (next_name(job, walk, &name)) {
        if (name.tag != tag || name.content.len == 0)
            continue;
        *ret = name.content;
        return true;
    }
    return false;
}

void lint_san_present(struct lint_job *job)
{
    if (lint_cert_ext(job->cert, LINT_OID_SAN) == NULL)
        lint_say(job, "no subjectAltName");
}

void lint_san_empty(struct lint_job *job)
{
    struct walk walk = { 0 };
    struct sg_der_tlv name;

    while (next_name(job, &walk, &name))
        if (name.content.len == 0)
            lint_say(job, "%s is empty", lint_gn_name(name.tag));
}

static const char *dns_text_fault(struct sg_slice name)
{
    if (name.len > DNS_MAX)
        return "has more than 253 octets";
    for (size_t i = 0; i < name.len; i++)
        if (name.p[i] < 0x20 || name.p[i] > 0x7e)
            return "has an octet that is no printable IA5";
    return NULL;
}

void lint_san_dns(struct lint_job *job)
{
    struct walk walk = { 0 };
    struct sg_slice name;
    char text[VALUE_MAX];

    while (next_of(job, &walk, LINT_GN_DNS, &name)) {
        const char *fault = dns_text_fault(name);
        if (fault != NULL)
            lint_say(job, "dNSName \"%s\" %s",
                     lint_text(name, text, sizeof(text)), fault);
    }
}

/* Preferred name syntax. A private role may leave it (enforce_hostnames). */
void lint_san_dns_host(struct lint_job *job)
{
    struct walk walk = { 0 };
    struct sg_slice name;
    char text[VALUE_MAX];

    while (next_of(job, &walk, LINT_GN_DNS, &name)) {
        if (dns_text_fault(name) != NULL)
            continue;
        const char *fault = lint_host_fault(name, true);
        if (fault != NULL)
            lint_say(job, "dNSName \"%s\" %s",
                     lint_text(name, text, sizeof(text)), fault);
    }
}

void lint_san_dns_lower_case(struct lint_job *job)
{
    struct walk walk = { 0 };
    struct sg_slice name;
    char text[VALUE_MAX];

    while (next_of(job, &walk, LINT_GN_DNS, &name)) {
        bool capital = false;
        for (size_t i = 0; i < name.len; i++)
            capital |= name.p[i] >= 'A' && name.p[i] <= 'Z';
        if (capital)
            lint_say(job, "dNSName \"%s\" has capital letters",
                     lint_text(name, text, sizeof(text)));
    }
}

void lint_san_ip(struct lint_job *job)
{
    struct walk walk = { 0 };
    struct sg_der_tlv name;

    while (next_name(job, &walk, &name))
        if (name.tag == LINT_GN_IP && name.content.len != 4
            && name.content.len != 16)
            lint_say(job, "iPAddress has %zu octets, must be 4 or 16",
                     name.content.len);
}

/* Networks that nobody can prove to own (IANA special purpose registries). */
static bool is_reserved(struct sg_slice ip)
{
    static const struct {
        uint8_t len, bits;
        uint8_t net[16];
    } reserved[] = {
        { 4, 8, { 0 } },
        { 4, 8, { 10 } },
        { 4, 10, { 100, 64 } },
        { 4, 8, { 127 } },
        { 4, 16, { 169, 254 } },
        { 4, 12, { 172, 16 } },
        { 4, 24, { 192, 0, 0 } },
        { 4, 24, { 192, 0, 2 } },
        { 4, 16, { 192, 168 } },
        { 4, 15, { 198, 18 } },
        { 4, 24, { 198, 51, 100 } },
        { 4, 24, { 203, 0, 113 } },
        { 4, 4, { 224 } },
        { 4, 4, { 240 } },
        { 16, 127, { 0 } },
        { 16, 96, { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff } },
        { 16, 64, { 0x01, 0x00 } },
        { 16, 20, { 0x3f, 0xff } },
        { 16, 7, { 0xfc } },
        { 16, 10, { 0xfe, 0x80 } },
        { 16, 8, { 0xff } },
        { 16, 32, { 0x20, 0x01, 0x0d, 0xb8 } },
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(reserved); i++) {
        size_t whole = reserved[i].bits / 8;
        unsigned rest = reserved[i].bits % 8;
        if (ip.len != reserved[i].len
            || memcmp(ip.p, reserved[i].net, whole) != 0)
            continue;
        uint8_t mask = (uint8_t)(0xff00 >> rest);
        if (rest == 0 || ((ip.p[whole] ^ reserved[i].net[whole]) & mask) == 0)
            return true;
    }
    return false;
}

void lint_san_ip_reserved(struct lint_job *job)
{
    struct walk walk = { 0 };
    struct sg_slice ip;

    while (next_of(job, &walk, LINT_GN_IP, &ip)) {
        const uint8_t *p = ip.p;
        if (!is_reserved(ip))
            continue;
        if (ip.len == 4)
            lint_say(job, "iPAddress %d.%d.%d.%d is reserved", p[0], p[1], p[2],
                     p[3]);
        else
            lint_say(job, "iPAddress of the reserved network %02x%02x::", p[0],
                     p[1]);
    }
}

/* What may not stand before the @ unless it is quoted (RFC 5321 4.1.2). */
static bool is_local(struct sg_slice local)
{
    static const char never[] = "()<>[]:;@\\,\"";

    if (local.len >= 2 && local.p[0] == '"' && local.p[local.len - 1] == '"')
        return true;
    for (size_t i = 0; i < local.len; i++)
        if (local.p[i] <= 0x20 || local.p[i] > 0x7e
            || memchr(never, local.p[i], sizeof(never) - 1) != NULL)
            return false;
    return local.len > 0 && local.p[0] != '.' && local.p[local.len - 1] != '.';
}

/* An empty name is the matter of san_empty. */
static const char *email_fault(struct sg_slice name)
{
    const uint8_t *at = name.len > 0 ? memrchr(name.p, '@', name.len) : NULL;

    if (name.len == 0)
        return NULL;
    if (at == NULL || at == name.p)
        return "has no @ with something before it";
    if (!is_local(SG_SLICE(name.p, (size_t)(at - name.p))))
        return "has no mailbox before the @";
    return lint_host_fault(
        SG_SLICE(at + 1, name.len - (size_t)(at + 1 - name.p)), false);
}

void lint_san_email(struct lint_job *job)
{
    struct walk walk = { 0 };
    struct sg_slice name;
    char text[VALUE_MAX];

    while (next_of(job, &walk, LINT_GN_EMAIL, &name)) {
        const char *fault = email_fault(name);
        if (fault != NULL)
            lint_say(job, "rfc822Name \"%s\" %s",
                     lint_text(name, text, sizeof(text)), fault);
    }
}

static bool has_scheme(struct sg_slice uri)
{
    const uint8_t *colon = memchr(uri.p, ':', uri.len);

    if (colon == NULL || colon == uri.p || colon + 1 == uri.p + uri.len)
        return false;
    for (const uint8_t *p = uri.p; p < colon; p++) {
        bool letter = (*p | 0x20) >= 'a' && (*p | 0x20) <= 'z';
        bool other =
            (*p >= '0' && *p <= '9') || *p == '+' || *p == '-' || *p == '.';
        if (!letter && (p == uri.p || !other))
            return false;
    }
    return true;
}

static bool uri_fault(struct sg_slice uri)
{
    bool clean = true;

    for (size_t i = 0; i < uri.len; i++)
        clean &= uri.p[i] > 0x20 && uri.p[i] < 0x7f;
    return uri.len > 0 && (!clean || !has_scheme(uri));
}

void lint_san_uri(struct lint_job *job)
{
    struct walk walk = { 0 };
    struct sg_slice name;
    char text[VALUE_MAX];

    while (next_of(job, &walk, LINT_GN_URI, &name)) {
        if (uri_fault(name))
            lint_say(job, "URI \"%s\" is not an absolute URI in ASCII",
                     lint_text(name, text, sizeof(text)));
    }
}

void lint_san_twice(struct lint_job *job)
{
    static _Thread_local struct sg_slice seen[LINT_SANS_MAX];
    struct walk walk = { 0 };
    struct sg_der_tlv name;
    char text[VALUE_MAX];
    size_t n = 0;

    while (n < LINT_SANS_MAX && next_name(job, &walk, &name))
        seen[n++] = name.whole;
    qsort(seen, n, sizeof(*seen), lint_by_bytes);
    for (size_t i = 1; i < n; i++)
        if (sg_slice_eq(seen[i - 1], seen[i]))
            lint_say(job, "%s \"%s\" stands twice", lint_gn_name(seen[i].p[0]),
                     lint_text(SG_SLICE(seen[i].p + 2, seen[i].len - 2), text,
                               sizeof(text)));
}

/* Name constraints are names times subtrees: a bound on what that costs. */
void lint_san_count(struct lint_job *job)
{
    struct walk walk = { 0 };
    struct sg_der_tlv name;
    size_t n = 0;

    while (next_name(job, &walk, &name))
        n++;
    if (n > LINT_SANS_MAX)
        lint_say(job, "%zu names, more than %d", n, LINT_SANS_MAX);
}

void lint_san_types(struct lint_job *job)
{
    struct walk walk = { 0 };
    struct sg_der_tlv name;

    while (next_name(job, &walk, &name))
        if (name.tag != LINT_GN_DNS && name.tag != LINT_GN_IP)
            lint_say(job, "%s is not allowed in a TLS server certificate",
                     lint_gn_name(name.tag));
}

static bool in_san(const struct lint_job *job, struct sg_slice cn)
{
    struct walk walk = { 0 };
    struct sg_der_tlv name;

    while (next_name(job, &walk, &name))
        if ((name.tag == LINT_GN_DNS || name.tag == LINT_GN_EMAIL)
            && lint_same_text(name.content, cn))
            return true;
    return false;
}

/* A common name that is a host name and stands in no SAN would be trusted by
 * old clients alone. */
void lint_cn_in_san(struct lint_job *job)
{
    struct lint_dn_iter iter;
    struct lint_rdn rdn;
    char text[VALUE_MAX];

    lint_dn_init(&iter, job->cert->subject);
    while (lint_dn_next(&iter, &rdn)) {
        if (!LINT_IS(rdn.oid, "\x55\x04\x03"))
            continue;
        bool dotted = memchr(rdn.value.p, '.', rdn.value.len) != NULL;
        if (dotted && lint_host_fault(rdn.value, true) == NULL
            && !in_san(job, rdn.value))
            lint_say(job, "CN \"%s\" is a host name that is not in the SAN",
                     lint_text(rdn.value, text, sizeof(text)));
    }
}

void lint_san_not_critical(struct lint_job *job)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_SAN);
    const size_t empty = 2; /* octets of a Name without RDNs */

    if (ext != NULL && ext->critical && job->cert->subject.len > empty)
        lint_say(job, "subjectAltName is critical, and there is a subject");
}

static const char *name_fault(const struct sg_der_tlv *name)
{
    struct sg_slice value = name->content;
    const char *fault = NULL;

    if (value.len == 0)
        return "is empty";
    switch (name->tag) {
    case LINT_GN_DNS:
        fault = dns_text_fault(value);
        return fault != NULL ? fault : lint_host_fault(value, true);
    case LINT_GN_EMAIL:
        return email_fault(value);
    case LINT_GN_URI:
        return uri_fault(value) ? "is not an absolute URI in ASCII" : NULL;
    case LINT_GN_IP:
        return value.len != 4 && value.len != 16 ? "has neither 4 nor 16 octets"
                                                 : NULL;
    default:
        return NULL;
    }
}

/* The names of the issuer: as those of the subject are written. */
void lint_ian_names(struct lint_job *job)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_IAN);
    struct lint_iter iter;
    struct sg_der_tlv name;
    char text[VALUE_MAX];

    if (ext == NULL)
        return;
    lint_iter_init(&iter, ext->value, "issuerAltName");
    while (lint_iter_next(&iter, &name)) {
        const char *fault = name_fault(&name);
        if (fault != NULL)
            lint_say(job, "issuerAltName: %s \"%s\" %s", lint_gn_name(name.tag),
                     lint_gn_text(name.tag, name.content, text, sizeof(text)),
                     fault);
    }
}
