/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdio.h>

#include "ca/dn-table.h"
#include "ca/san-add.h"
#include "ca/show.h"
#include "common/parse.h"

#define IP_TEXT_MAX 46 /* INET6_ADDRSTRLEN */

/* Tags of GeneralName (RFC 5280 4.2.1.6). */
#define TAG_OTHER SG_DER_CONTEXT_CONSTRUCTED(0)
#define TAG_EMAIL SG_DER_CONTEXT(1)
#define TAG_DNS SG_DER_CONTEXT(2)
#define TAG_X400 SG_DER_CONTEXT_CONSTRUCTED(3)
#define TAG_DIRECTORY SG_DER_CONTEXT_CONSTRUCTED(4)
#define TAG_EDI SG_DER_CONTEXT_CONSTRUCTED(5)
#define TAG_URI SG_DER_CONTEXT(6)
#define TAG_IP SG_DER_CONTEXT(7)
#define TAG_RID SG_DER_CONTEXT(8)

/* --- writing ------------------------------------------------------------- */

static void write_other(struct sg_derw *w, const struct ca_san *san)
{
    size_t name = sg_derw_begin(w, TAG_OTHER);

    sg_derw_oid(w, san->oid);
    size_t value = sg_derw_begin(w, SG_DER_CONTEXT_CONSTRUCTED(0));
    sg_derw_tlv(w, SG_DER_UTF8_STRING, san->value);
    sg_derw_end(w, value);
    sg_derw_end(w, name);
}

enum sg_rc ca_sans_encode(const struct ca_sans *sans, struct sg_derw *w,
                          struct sg_err *err)
{
    if (sans->n == 0)
        return sg_err_set(err, SG_POLICY,
                          "SAN: no name at all (RFC 5280 4.2.1.6)");

    size_t names = sg_derw_begin(w, SG_DER_SEQUENCE);
    for (size_t i = 0; i < sans->n; i++) {
        const struct ca_san *san = &sans->san[i];

        switch (san->kind) {
        case CA_SAN_DNS:
            sg_derw_tlv(w, TAG_DNS, san->value);
            break;
        case CA_SAN_EMAIL:
            sg_derw_tlv(w, TAG_EMAIL, san->value);
            break;
        case CA_SAN_URI:
            sg_derw_tlv(w, TAG_URI, san->value);
            break;
        case CA_SAN_IP:
            sg_derw_tlv(w, TAG_IP, san->value);
            break;
        case CA_SAN_OTHER:
            write_other(w, san);
            break;
        case CA_SAN_UNSET:
        case CA_SAN_DIRECTORY:
        default:
            return sg_err_set(err, SG_POLICY, "SAN: a %s is never written",
                              ca_san_kind_name(san->kind));
        }
    }
    sg_derw_end(w, names);
    return SG_OK;
}

/* --- reading ------------------------------------------------------------- */

static enum sg_rc parse_other(struct sg_arena *arena, const struct sg_der *in,
                              const struct sg_der_tlv *name,
                              struct ca_sans *sans, struct sg_err *err)
{
    char text[SG_OID_TEXT_MAX];
    struct sg_slice oid = { 0 };
    struct sg_der_tlv utf8 = { 0 };
    struct sg_der other;
    struct sg_der value;

    sg_der_inside(in, name, &other);
    SG_TRY(sg_der_oid(&other, &oid, err));
    SG_TRY(sg_der_enter(&other, SG_DER_CONTEXT_CONSTRUCTED(0), &value, err));
    SG_TRY(sg_der_end(&other, err));
    if (!sg_der_next_is(&value, SG_DER_UTF8_STRING))
        return sg_err_set(
            err, SG_POLICY,
            "SAN: otherName %s without a UTF8String value is not accepted",
            ca_oid_text(oid, text));
    SG_TRY(sg_der_any(&value, &utf8, err));
    SG_TRY(sg_der_end(&value, err));
    return ca_sans_add_other_der(arena, sans, oid, utf8.content, err);
}

/* A directoryName holds a whole Name, EXPLICIT because Name is a CHOICE. */
static enum sg_rc parse_directory(struct sg_arena *arena,
                                  const struct sg_der *in,
                                  const struct sg_der_tlv *name,
                                  struct ca_sans *sans, struct sg_err *err)
{
    struct sg_der inner;
    struct sg_der_tlv dn = { 0 };

    sg_der_inside(in, name, &inner);
    SG_TRY(sg_der_get(&inner, SG_DER_SEQUENCE, &dn, err));
    SG_TRY(sg_der_end(&inner, err));

    struct ca_san san = { .kind = CA_SAN_DIRECTORY, .value = dn.whole };
    return ca_sans_append(arena, sans, &san, err);
}

static enum sg_rc refuse_form(uint8_t tag, struct sg_err *err)
{
    const char *form = tag == TAG_X400  ? "x400Address"
                       : tag == TAG_EDI ? "ediPartyName"
                       : tag == TAG_RID ? "registeredID"
                                        : NULL;

    if (form == NULL)
        return sg_err_set(
            err, SG_FORMAT,
            "SAN: tag 0x%02x is no GeneralName (RFC 5280 4.2.1.6)", tag);
    return sg_err_set(err, SG_POLICY, "SAN: a %s is not accepted", form);
}

typedef enum sg_rc (*dns_adder)(struct sg_arena *arena, struct ca_sans *sans,
                                struct sg_slice text, struct sg_err *err);

static enum sg_rc parse_name(struct sg_arena *arena, struct sg_der *in,
                             dns_adder add_dns, struct ca_sans *sans,
                             struct sg_err *err)
{
    struct sg_der_tlv name = { 0 };

    SG_TRY(sg_der_any(in, &name, err));
    bool is_text =
        name.tag == TAG_DNS || name.tag == TAG_EMAIL || name.tag == TAG_URI;
    if (is_text && ca_not_ia5(name.content) != NULL)
        return sg_err_set(
            err, SG_FORMAT,
            "SAN: IA5String with a character above 127 (RFC 5280 4.2.1.6)");
    switch (name.tag) {
    case TAG_DNS:
        return add_dns(arena, sans, name.content, err);
    case TAG_EMAIL:
        return ca_sans_add_email(arena, sans, name.content, err);
    case TAG_URI:
        return ca_sans_add_uri(arena, sans, name.content, err);
    case TAG_IP:
        return ca_sans_add_ip_bytes(arena, sans, name.content, err);
    case TAG_OTHER:
        return parse_other(arena, in, &name, sans, err);
    case TAG_DIRECTORY:
        return parse_directory(arena, in, &name, sans, err);
    default:
        return refuse_form(name.tag, err);
    }
}

static enum sg_rc parse_names(struct sg_arena *arena, struct sg_slice der,
                              dns_adder add_dns, struct ca_sans *ret,
                              struct sg_err *err)
{
    struct ca_sans sans = { 0 };
    struct sg_der in;
    struct sg_der names;

    sg_der_init(&in, der, "SAN");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &names, err));
    SG_TRY(sg_der_end(&in, err));
    if (!sg_der_more(&names))
        return sg_err_set(err, SG_FORMAT,
                          "SAN: no name at all (RFC 5280 4.2.1.6)");
    while (sg_der_more(&names))
        SG_TRY(parse_name(arena, &names, add_dns, &sans, err));
    *ret = sans;
    return SG_OK;
}

enum sg_rc ca_sans_parse(struct sg_arena *arena, struct sg_slice der,
                         struct ca_sans *ret, struct sg_err *err)
{
    return parse_names(arena, der, ca_sans_add_dns, ret, err);
}

enum sg_rc ca_sans_parse_lax(struct sg_arena *arena, struct sg_slice der,
                             struct ca_sans *ret, struct sg_err *err)
{
    return parse_names(arena, der, ca_sans_add_dns_lax, ret, err);
}

/* --- text ---------------------------------------------------------------- */

const char *ca_san_text(const struct ca_san *san, char *dst, size_t size)
{
    char show[CA_SHOW_MAX];
    char ip[IP_TEXT_MAX];
    char dotted[SG_OID_TEXT_MAX];
    const char *value = NULL;

    if (san->kind == CA_SAN_IP)
        value = inet_ntop(san->value.len == 4 ? AF_INET : AF_INET6,
                          san->value.p, ip, sizeof(ip));
    else
        value = ca_show(san->value, show);
    (void)snprintf(dst, size, "%s:%s%s%s", ca_san_kind_name(san->kind),
                   san->kind == CA_SAN_OTHER ? sg_oid_to_text(san->oid, dotted)
                                             : "",
                   san->kind == CA_SAN_OTHER ? ";UTF8:" : "", value);
    return dst;
}
