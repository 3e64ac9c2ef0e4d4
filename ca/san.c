/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/san.h"

#include <string.h>

#include "ca/san-add.h"
#include "ca/show.h"
#include "common/parse.h"

#define SANS_FIRST_CAP 8   /* a power of two */
#define EMAIL_LOCAL_MAX 64 /* RFC 5321 4.5.3.1.1 */
#define EMAIL_MAX 254      /* RFC 5321 4.5.3.1.3 without the brackets */
#define DNS_LAX_MAX 253
#define OTHER_VALUE_MAX 1024

static const char *const KIND_NAMES[] = {
    [CA_SAN_UNSET] = "none",
    [CA_SAN_DNS] = "DNS",
    [CA_SAN_EMAIL] = "email",
    [CA_SAN_URI] = "URI",
    [CA_SAN_IP] = "IP",
    [CA_SAN_OTHER] = "otherName",
    [CA_SAN_DIRECTORY] = "directoryName",
};

const char *ca_san_kind_name(enum ca_san_kind kind)
{
    return KIND_NAMES[kind];
}

enum sg_rc ca_san_refuse(enum ca_san_kind kind, struct sg_slice value,
                         const char *rule, struct sg_err *err)
{
    char show[CA_SHOW_MAX];

    return sg_err_set(err, SG_POLICY, "%s name \"%s\": %s",
                      ca_san_kind_name(kind), ca_show(value, show), rule);
}

/* --- the list ------------------------------------------------------------- */

static bool same(const struct ca_san *a, const struct ca_san *b)
{
    return a->kind == b->kind && sg_slice_eq(a->value, b->value)
           && sg_slice_eq(a->oid, b->oid);
}

/* The array has room for 8, 16, 32 … entries: it is full whenever n is one of
 * these. */
static enum sg_rc grow(struct sg_arena *arena, struct ca_sans *sans,
                       struct sg_err *err)
{
    if (sans->n == CA_SANS_MAX)
        return sg_err_set(err, SG_POLICY,
                          "more than %d subject alternative names",
                          CA_SANS_MAX);
    if (sans->n != 0
        && (sans->n < SANS_FIRST_CAP || (sans->n & (sans->n - 1)) != 0))
        return SG_OK;

    struct ca_san *san = sg_arena_array(
        arena, struct ca_san, sans->n == 0 ? SANS_FIRST_CAP : sans->n * 2);
    if (san == NULL)
        return sg_err_set(err, SG_NOMEM, "SAN: no memory");
    if (sans->n > 0)
        memcpy(san, sans->san, sans->n * sizeof(*san));
    sans->san = san;
    return SG_OK;
}

enum sg_rc ca_sans_append(struct sg_arena *arena, struct ca_sans *sans,
                          const struct ca_san *san, struct sg_err *err)
{
    for (size_t i = 0; i < sans->n; i++)
        if (same(&sans->san[i], san))
            return SG_OK;
    SG_TRY(grow(arena, sans, err));
    sans->san[sans->n++] = *san;
    return SG_OK;
}

static enum sg_rc append(struct sg_arena *arena, struct ca_sans *sans,
                         enum ca_san_kind kind, struct sg_slice value,
                         struct sg_err *err)
{
    struct ca_san san = { .kind = kind, .value = value };

    return ca_sans_append(arena, sans, &san, err);
}

/* --- DNS ------------------------------------------------------------------ */

enum sg_rc ca_sans_add_dns(struct sg_arena *arena, struct ca_sans *sans,
                           struct sg_slice text, struct sg_err *err)
{
    struct sg_slice ascii = { 0 };

    SG_TRY(ca_dns_to_ascii(arena, text, &ascii, err));
    const char *broken = ca_dns_fault(ascii, true);
    if (broken != NULL)
        return ca_san_refuse(CA_SAN_DNS, text, broken, err);
    return append(arena, sans, CA_SAN_DNS, ascii, err);
}

enum sg_rc ca_sans_add_dns_lax(struct sg_arena *arena, struct ca_sans *sans,
                               struct sg_slice text, struct sg_err *err)
{
    struct sg_slice ascii = { 0 };

    SG_TRY(ca_dns_to_ascii(arena, text, &ascii, err));
    if (ascii.len > DNS_LAX_MAX)
        return ca_san_refuse(CA_SAN_DNS, text,
                             "longer than 253 octets (RFC 1035 2.3.4)", err);
    for (size_t i = 0; i < ascii.len; i++)
        if (ascii.p[i] < 0x20 || ascii.p[i] >= 0x7f)
            return ca_san_refuse(CA_SAN_DNS, text,
                                 "control character (RFC 5280 4.2.1.6)", err);
    return append(arena, sans, CA_SAN_DNS, ascii, err);
}

/* --- email ---------------------------------------------------------------- */

/* dot-atom (RFC 5322 3.2.3): atoms of atext with single dots between. */
static const char *local_fault(struct sg_slice local)
{
    static const char specials[] = "!#$%&'*+-/=?^_`{|}~";

    if (local.len == 0)
        return "nothing before the @ (RFC 5321 4.1.2)";
    if (local.len > EMAIL_LOCAL_MAX)
        return "more than 64 octets before the @ (RFC 5321 4.5.3.1.1)";
    for (size_t i = 0; i < local.len; i++) {
        uint8_t c = local.p[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                     || (c >= '0' && c <= '9');
        bool inner_dot =
            c == '.' && i > 0 && i + 1 < local.len && local.p[i - 1] != '.';
        if (!alnum && !inner_dot && (c == 0 || strchr(specials, c) == NULL))
            return "character that needs quoting before the @ (RFC 5322 3.2.3)";
    }
    return NULL;
}

enum sg_rc ca_sans_add_email(struct sg_arena *arena, struct ca_sans *sans,
                             struct sg_slice text, struct sg_err *err)
{
    const uint8_t *at = text.len > 0 ? memchr(text.p, '@', text.len) : NULL;
    struct sg_slice host = { 0 };

    if (at == NULL)
        return ca_san_refuse(CA_SAN_EMAIL, text, "no @ (RFC 5280 4.2.1.6)",
                             err);
    struct sg_slice local = SG_SLICE(text.p, (size_t)(at - text.p));
    const char *broken = local_fault(local);
    if (broken != NULL)
        return ca_san_refuse(CA_SAN_EMAIL, text, broken, err);
    SG_TRY(ca_dns_to_ascii(arena, SG_SLICE(at + 1, text.len - local.len - 1),
                           &host, err));
    broken = ca_dns_fault(host, false);
    if (broken == NULL && local.len + 1 + host.len > EMAIL_MAX)
        broken = "longer than 254 octets (RFC 5321 4.5.3.1.3)";
    if (broken != NULL)
        return ca_san_refuse(CA_SAN_EMAIL, text, broken, err);

    const char *whole = sg_arena_printf(arena, "%.*s@%.*s", (int)local.len,
                                        (const char *)local.p, (int)host.len,
                                        (const char *)host.p);
    if (whole == NULL)
        return sg_err_set(err, SG_NOMEM, "SAN: no memory");
    return append(arena, sans, CA_SAN_EMAIL, sg_slice_str(whole), err);
}

/* --- IP ------------------------------------------------------------------- */

enum sg_rc ca_sans_add_ip(struct sg_arena *arena, struct ca_sans *sans,
                          struct sg_slice text, struct sg_err *err)
{
    uint8_t octets[16];
    size_t n = ca_ip_octets(text, octets);

    if (n == 0)
        return ca_san_refuse(CA_SAN_IP, text, "not a valid IP address", err);
    return ca_sans_add_ip_bytes(arena, sans, SG_SLICE(octets, n), err);
}

enum sg_rc ca_sans_add_ip_bytes(struct sg_arena *arena, struct ca_sans *sans,
                                struct sg_slice octets, struct sg_err *err)
{
    static const uint8_t mapped[12] = {
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
    };

    if (octets.len != 4 && octets.len != 16)
        return sg_err_set(
            err, SG_POLICY,
            "IP name of %zu octets, want 4 or 16 (RFC 5280 4.2.1.6)",
            octets.len);
    /* ::ffff:192.0.2.1 is an IPv4 address: as 16 octets it would pass by the
     * IPv4 name constraints. */
    if (octets.len == 16 && memcmp(octets.p, mapped, sizeof(mapped)) == 0)
        octets = SG_SLICE(octets.p + sizeof(mapped), 4);

    struct sg_slice copy = sg_arena_copy(arena, octets);
    if (copy.p == NULL)
        return sg_err_set(err, SG_NOMEM, "SAN: no memory");
    return append(arena, sans, CA_SAN_IP, copy, err);
}

/* --- otherName ------------------------------------------------------------ */

enum sg_rc ca_sans_add_other_der(struct sg_arena *arena, struct ca_sans *sans,
                                 struct sg_slice oid, struct sg_slice value,
                                 struct sg_err *err)
{
    if (value.len == 0 || value.len > OTHER_VALUE_MAX || !sg_is_utf8(value))
        return ca_san_refuse(CA_SAN_OTHER, value,
                             "not UTF-8 of 1 to 1024 octets (RFC 3629)", err);

    struct ca_san san = { .kind = CA_SAN_OTHER,
                          .value = sg_arena_copy(arena, value),
                          .oid = sg_arena_copy(arena, oid) };
    if (san.value.p == NULL || san.oid.p == NULL)
        return sg_err_set(err, SG_NOMEM, "SAN: no memory");
    return ca_sans_append(arena, sans, &san, err);
}

enum sg_rc ca_sans_add_other(struct sg_arena *arena, struct ca_sans *sans,
                             const char *oid, struct sg_slice value,
                             struct sg_err *err)
{
    struct sg_buf content SG_CLEANUP(sg_buf_done);

    sg_buf_init(&content, SG_OID_TEXT_MAX);
    if (sg_oid_from_text(oid, &content, err) != SG_OK)
        return sg_err_wrap(err, "otherName \"%s\"", oid);
    return ca_sans_add_other_der(arena, sans, sg_buf_slice(&content), value,
                                 err);
}
