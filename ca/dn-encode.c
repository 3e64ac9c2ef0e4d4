/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/dn-table.h"
#include "ca/show.h"
#include "common/parse.h"

static enum sg_rc refuse(const struct ca_rdn *rdn, const char *rule,
                         struct sg_err *err)
{
    char show[CA_SHOW_MAX];

    return sg_err_set(err, SG_POLICY, "subject %s \"%s\": %s",
                      ca_attr_name(rdn->attr), ca_show(rdn->value, show), rule);
}

static size_t count_characters(struct sg_slice utf8)
{
    size_t n = 0;

    for (size_t i = 0; i < utf8.len; i++)
        n += (utf8.p[i] & 0xc0) != 0x80;
    return n;
}

static bool has_control(struct sg_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.p[i] < 0x20 || s.p[i] == 0x7f)
            return true;
    return false;
}

static bool upper_case_letter(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

static enum sg_rc check_charset(const struct ca_rdn *rdn, uint8_t tag,
                                struct sg_err *err)
{
    struct sg_slice v = rdn->value;

    if (!sg_is_utf8(v) || has_control(v))
        return refuse(
            rdn, "not UTF-8 text without control characters (X.520 6.1)", err);
    if (rdn->attr == CA_ATTR_COUNTRY
        && (v.len != 2 || !upper_case_letter(v.p[0])
            || !upper_case_letter(v.p[1])))
        return refuse(
            rdn, "not two upper-case letters of ISO 3166 (RFC 5280 app. A)",
            err);
    if (tag == SG_DER_PRINTABLE_STRING && ca_not_printable(v) != NULL)
        return refuse(
            rdn, "holds a character outside PrintableString (X.680 41.4)", err);
    if (tag == SG_DER_IA5_STRING && ca_not_ia5(v) != NULL)
        return refuse(rdn, "holds a character outside IA5String (RFC 4519 2.4)",
                      err);
    return SG_OK;
}

static enum sg_rc check(const struct ca_rdn *rdn, struct sg_err *err)
{
    if (rdn->attr == CA_ATTR_EMAIL)
        return refuse(
            rdn, "email addresses belong in the SAN (RFC 5280 4.1.2.6)", err);
    if (rdn->attr == CA_ATTR_UNSET || rdn->attr == CA_ATTR_OTHER) {
        char text[SG_OID_TEXT_MAX];
        return sg_err_set(err, SG_POLICY,
                          "subject attribute %s cannot be written",
                          ca_oid_text(rdn->oid, text));
    }

    const struct ca_attr_row *row = ca_attr_row(rdn->attr);
    if (rdn->value.len == 0)
        return sg_err_set(err, SG_POLICY,
                          "subject %s: empty value (RFC 5280 app. A)",
                          row->name);
    SG_TRY(check_charset(rdn, row->tag, err));

    char show[CA_SHOW_MAX];
    size_t n = count_characters(rdn->value);
    if (n > row->upper)
        return sg_err_set(
            err, SG_POLICY,
            "subject %s \"%s\": %zu characters, at most %zu are allowed (RFC 5280 app. A)",
            row->name, ca_show(rdn->value, show), n, row->upper);
    return SG_OK;
}

static enum sg_rc check_once(const struct ca_dn *dn, size_t at,
                             struct sg_err *err)
{
    enum ca_attr attr = dn->rdn[at].attr;

    if (!ca_attr_row(attr)->once)
        return SG_OK;
    for (size_t i = 0; i < at; i++)
        if (dn->rdn[i].attr == attr)
            return refuse(&dn->rdn[at], "given more than once (BR 7.1.4.1)",
                          err);
    return SG_OK;
}

enum sg_rc ca_dn_encode(const struct ca_dn *dn, struct sg_buf *out,
                        struct sg_err *err)
{
    struct sg_derw w;

    for (size_t i = 0; i < dn->n; i++) {
        SG_TRY(check(&dn->rdn[i], err));
        SG_TRY(check_once(dn, i, err));
    }

    sg_derw_init(&w, out);
    size_t name = sg_derw_begin(&w, SG_DER_SEQUENCE);
    for (size_t i = 0; i < dn->n; i++) {
        const struct ca_attr_row *row = ca_attr_row(dn->rdn[i].attr);
        size_t set = sg_derw_begin(&w, SG_DER_SET);
        size_t pair = sg_derw_begin(&w, SG_DER_SEQUENCE);

        sg_derw_oid(&w, ca_oid(row->oid));
        sg_derw_tlv(&w, row->tag, dn->rdn[i].value);
        sg_derw_end(&w, pair);
        sg_derw_end(&w, set);
    }
    sg_derw_end(&w, name);
    return sg_derw_finish(&w, err);
}
