/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ca/san.h"
#include "signer/names.h"
#include "signer/other-san.h"
#include "signer/prepare-int.h"

#define SHOWN_MAX 253 /* octets: a host name, RFC 1035 2.3.4 */
#define SHOWN_CUT 64

/* The names of a certificate are gathered first, from the request and the CSR,
 * and then the FINAL set is held against the role, whatever its source: checks
 * of the request alone have been passed by through the CSR before
 * (GHSA-g892-p242-8g86). */

static enum sg_rc nomem(struct srv_prep *p)
{
    return sg_err_set(p->err, SG_NOMEM, "names");
}

/* Text of a slice; a NUL inside would hide what follows it. */
static enum sg_rc text_of(struct srv_prep *p, const char *what,
                          struct sg_slice value, const char **ret)
{
    if (value.len > 0 && memchr(value.p, 0, value.len) != NULL)
        return sg_err_set(p->err, SG_FORMAT, "csr: NUL in the %s", what);
    *ret = sg_arena_text(p->arena, value);
    return *ret == NULL ? nomem(p) : SG_OK;
}

/* Foreign text in a message: whatever is longer than any name that could be
 * allowed is cut, so that the reason behind it is not. */
static const char *shown(struct srv_prep *p, const char *text)
{
    if (strlen(text) <= SHOWN_MAX)
        return text;
    const char *cut = sg_arena_printf(p->arena, "%.*s...", SHOWN_CUT, text);
    return cut == NULL ? "?" : cut;
}

/* --- common name ------------------------------------------------------------ */

static enum sg_rc choose_cn(struct srv_prep *p)
{
    if (p->args->op == SRV_OP_SIGN && p->role->use_csr_common_name) {
        struct sg_slice cn = ca_dn_first(&p->csr.subject, CA_ATTR_COMMON_NAME);
        SG_TRY(text_of(p, "common name", cn, &p->cn));
    }
    if (!srv_given(p->cn))
        p->cn = p->fields.common_name;
    if (!srv_given(p->cn) && p->role->require_cn)
        return sg_err_set(p->err, SG_POLICY,
                          "the common_name field is required, or must be "
                          "provided in a CSR with \"use_csr_common_name\" set "
                          "to true, unless \"require_cn\" is set to false");
    if (!srv_given(p->cn))
        p->cn = NULL;
    return SG_OK;
}

/* The CN as a SAN of its own; it is then copied from there, so that both are
 * the same octets (BR 7.1.4.3). Neither host name nor email: left alone. */
static enum sg_rc cn_as_san(struct srv_prep *p, struct ca_sans *one)
{
    struct sg_slice text = sg_slice_str(p->cn);
    struct sg_slice ascii = { 0 };
    struct sg_err inner = { 0 };
    enum sg_rc rc = SG_OK;
    if (strchr(p->cn, '@') != NULL) {
        rc = ca_sans_add_email(p->arena, one, text, &inner);
    } else {
        rc = ca_dns_to_ascii(p->arena, text, &ascii, &inner);
        if (rc == SG_OK && ca_dns_fault(ascii, true) == NULL)
            rc = ca_sans_add_dns(p->arena, one, ascii, &inner);
    }
    return rc == SG_NOMEM ? nomem(p) : SG_OK;
}

static bool cn_allowed(const struct srv_prep *p)
{
    const struct srv_role *role = p->role;
    bool is_email = strchr(p->cn, '@') != NULL;
    if (!role->cn_validate_email && !role->cn_validate_hostname)
        return true;
    return srv_role_allows_name(role, p->cn)
           && (is_email ? role->cn_validate_email : role->cn_validate_hostname);
}

static enum sg_rc add_cn(struct srv_prep *p)
{
    struct ca_sans one = { 0 };
    const char *given = p->cn;
    if (given == NULL)
        return SG_OK;
    SG_TRY(cn_as_san(p, &one));
    /* "se*et.example.com": no host name to us, so no name constraint would
     * be held against it, but some verifiers match it. */
    if (one.n == 0 && strchr(given, '*') != NULL)
        return sg_err_set(p->err, SG_POLICY,
                          "common name %s not allowed by this role",
                          shown(p, given));
    if (one.n > 0)
        SG_TRY(text_of(p, "common name", one.san[0].value, &p->cn));
    if (!cn_allowed(p))
        return sg_err_set(p->err, SG_POLICY,
                          "common name %s not allowed by this role",
                          shown(p, given));
    if (one.n == 0 || p->fields.exclude_cn_from_sans)
        return SG_OK;
    return one.san[0].kind == CA_SAN_EMAIL
               ? ca_sans_add_email(p->arena, &p->sans, one.san[0].value, p->err)
               : ca_sans_add_dns(p->arena, &p->sans, one.san[0].value, p->err);
}

/* --- SANs of the request ---------------------------------------------------- */

static enum sg_rc add_alt_name(struct srv_prep *p, const char *name)
{
    struct sg_slice text = sg_slice_str(name);
    struct sg_err inner = { 0 };
    enum sg_rc rc = SG_OK;
    bool is_email = strchr(name, '@') != NULL;
    if (is_email)
        rc = ca_sans_add_email(p->arena, &p->sans, text, &inner);
    else if (p->role->enforce_hostnames || strchr(name, '*') != NULL)
        rc = ca_sans_add_dns(p->arena, &p->sans, text, &inner);
    else
        rc = ca_sans_add_dns_lax(p->arena, &p->sans, text, &inner);
    if (rc == SG_OK)
        return SG_OK;
    if (rc == SG_NOMEM)
        return nomem(p);
    return sg_err_set(p->err, rc,
                      is_email ? "email address %s cannot be included as a "
                                 "SAN: %s"
                               : "subject alternate name %s is not a valid DNS "
                                 "name and cannot be included as a SAN: %s",
                      shown(p, name), inner.msg);
}

/* "[192.0.2.1 192.0.2.2]", as Go prints a list. */
static const char *list_text(struct srv_prep *p, const struct srv_list *list)
{
    const char *text = "";
    for (size_t i = 0; i < list->n && text != NULL && i < 16; i++)
        text = sg_arena_printf(p->arena, "%s%s%s", text, i == 0 ? "" : " ",
                               shown(p, list->v[i]));
    return text == NULL ? "" : text;
}

static enum sg_rc add_ips(struct srv_prep *p)
{
    const struct srv_list *list = &p->fields.ip_sans;
    if (list->n > 0 && !p->role->allow_ip_sans)
        return sg_err_set(p->err, SG_POLICY,
                          "IP Subject Alternative Names are not allowed in "
                          "this role, but was provided [%s]",
                          list_text(p, list));
    for (size_t i = 0; i < list->n; i++) {
        struct sg_slice text = sg_slice_str(list->v[i]);
        if (!ca_is_ip_text(text))
            return sg_err_set(p->err, SG_POLICY,
                              "the value \"%s\" is not a valid IP address",
                              shown(p, list->v[i]));
        SG_TRY(ca_sans_add_ip(p->arena, &p->sans, text, p->err));
    }
    return SG_OK;
}

static enum sg_rc add_uris(struct srv_prep *p)
{
    const struct srv_list *list = &p->fields.uri_sans;
    if (list->n > 0 && p->role->allowed_uri_sans.n == 0)
        return sg_err_set(p->err, SG_POLICY,
                          "URI Subject Alternative Names are not allowed in "
                          "this role, but were provided via the API");
    for (size_t i = 0; i < list->n; i++) {
        struct sg_err inner = { 0 };
        enum sg_rc rc = ca_sans_add_uri(p->arena, &p->sans,
                                        sg_slice_str(list->v[i]), &inner);
        if (rc == SG_NOMEM)
            return nomem(p);
        if (rc != SG_OK)
            return sg_err_set(p->err, rc,
                              "the provided URI Subject Alternative Name "
                              "\"%s\" is not a valid URI: %s",
                              shown(p, list->v[i]), inner.msg);
    }
    return SG_OK;
}

static enum sg_rc add_others(struct srv_prep *p)
{
    const struct srv_list *list = &p->fields.other_sans;
    for (size_t i = 0; i < list->n; i++) {
        struct srv_other other;
        SG_TRY(srv_other_parse(p->arena, list->v[i], &other, p->err));
        SG_TRY(ca_sans_add_other(p->arena, &p->sans, other.oid,
                                 sg_slice_str(other.value), p->err));
    }
    return SG_OK;
}

/* --- the final set against the role ----------------------------------------- */

static enum sg_rc check_name(struct srv_prep *p, const struct ca_san *san)
{
    const char *name = NULL;
    SG_TRY(text_of(p, "subjectAltName", san->value, &name));
    if (srv_role_allows_name(p->role, name))
        return SG_OK;
    return sg_err_set(p->err, SG_POLICY,
                      san->kind == CA_SAN_EMAIL
                          ? "email address %s not allowed by this role"
                          : "subject alternate name %s not allowed by this "
                            "role",
                      shown(p, name));
}

static enum sg_rc check_ip(struct srv_prep *p)
{
    if (p->role->allow_ip_sans)
        return SG_OK;
    return sg_err_set(p->err, SG_POLICY,
                      "IP Subject Alternative Names are not allowed in this "
                      "role, but was provided some via CSR");
}

static enum sg_rc check_uri(struct srv_prep *p, const struct ca_san *san)
{
    const char *uri = NULL;
    const char *source = p->sans_from_csr ? "CSR" : "the API";
    SG_TRY(text_of(p, "subjectAltName", san->value, &uri));
    if (p->role->allowed_uri_sans.n == 0)
        return sg_err_set(p->err, SG_POLICY,
                          "URI Subject Alternative Names are not allowed in "
                          "this role, but were provided via %s",
                          source);
    if (!srv_role_allows_uri(p->role, uri))
        return sg_err_set(p->err, SG_POLICY,
                          "URI Subject Alternative Names were provided via %s "
                          "which are not valid for this role",
                          source);
    return SG_OK;
}

static enum sg_rc check_other(struct srv_prep *p, const struct ca_san *san)
{
    char oid[SG_OID_TEXT_MAX];
    const char *value = NULL;
    (void)sg_oid_to_text(san->oid, oid);
    SG_TRY(text_of(p, "subjectAltName", san->value, &value));
    if (!srv_role_allows_other_oid(p->role, oid))
        return sg_err_set(p->err, SG_POLICY,
                          "other SAN OID %s not allowed by this role", oid);
    if (!srv_role_allows_other(p->role, oid, value))
        return sg_err_set(p->err, SG_POLICY,
                          "other SAN %s (%s) not allowed by this role", oid,
                          shown(p, value));
    return SG_OK;
}

static enum sg_rc check_san(struct srv_prep *p, const struct ca_san *san)
{
    switch (san->kind) {
    case CA_SAN_DNS:
    case CA_SAN_EMAIL:
        return check_name(p, san);
    case CA_SAN_IP:
        return check_ip(p);
    case CA_SAN_URI:
        return check_uri(p, san);
    case CA_SAN_OTHER:
        return check_other(p, san);
    case CA_SAN_DIRECTORY:
    case CA_SAN_UNSET:
        break;
    }
    return sg_err_set(p->err, SG_POLICY, "%s names are not allowed in a leaf",
                      ca_san_kind_name(san->kind));
}

/* --- order ------------------------------------------------------------------ */

/* DNS and email names sorted as Vault has them, the others as they came. */
static bool comes_before(const struct ca_san *a, const struct ca_san *b)
{
    static const int rank[] = {
        [CA_SAN_DNS] = 0, [CA_SAN_EMAIL] = 1, [CA_SAN_IP] = 2,
        [CA_SAN_URI] = 3, [CA_SAN_OTHER] = 4,
    };
    if (a->kind != b->kind)
        return rank[a->kind] < rank[b->kind];
    if (a->kind != CA_SAN_DNS && a->kind != CA_SAN_EMAIL)
        return false;
    size_t len = a->value.len < b->value.len ? a->value.len : b->value.len;
    int order = memcmp(a->value.p, b->value.p, len);
    return order < 0 || (order == 0 && a->value.len < b->value.len);
}

/* Insertion: stable, and a certificate has few names (CA_SANS_MAX at most). */
static void sort_sans(struct ca_sans *sans)
{
    for (size_t i = 1; i < sans->n; i++) {
        struct ca_san san = sans->san[i];
        size_t k = i;
        for (; k > 0 && comes_before(&san, &sans->san[k - 1]); k--)
            sans->san[k] = sans->san[k - 1];
        sans->san[k] = san;
    }
}

/* --- subject ---------------------------------------------------------------- */

static enum sg_rc choose_serial_number(struct srv_prep *p)
{
    p->serial_number = p->fields.serial_number;
    if (!srv_given(p->serial_number) && p->args->op == SRV_OP_SIGN
        && p->role->serial_number_from_csr) {
        struct sg_slice v = ca_dn_first(&p->csr.subject, CA_ATTR_SERIAL_NUMBER);
        SG_TRY(text_of(p, "serial number", v, &p->serial_number));
    }
    if (srv_given(p->serial_number)
        && !srv_role_allows_serial_number(p->role, p->serial_number))
        return sg_err_set(p->err, SG_POLICY,
                          "serial_number %s not allowed by this role",
                          shown(p, p->serial_number));
    return SG_OK;
}

static enum sg_rc add_attr(struct srv_prep *p, enum ca_attr attr,
                           const char *value)
{
    if (!srv_given(value))
        return SG_OK;
    return ca_dn_add(p->arena, &p->subject, attr, sg_slice_str(value), p->err);
}

/* The order of BR 7.1.4.2, then what that table does not have. */
static enum sg_rc make_subject(struct srv_prep *p)
{
    struct srv_role_subject fixed[SRV_ROLE_SUBJECT_N];
    const struct srv_list *ids = &p->fields.user_ids;
    srv_role_subject(p->role, fixed);
    for (size_t i = 0; i < SRV_ROLE_SUBJECT_N; i++)
        for (size_t k = 0; k < fixed[i].values->n; k++)
            SG_TRY(add_attr(p, fixed[i].attr, fixed[i].values->v[k]));
    SG_TRY(add_attr(p, CA_ATTR_COMMON_NAME, p->cn));
    SG_TRY(add_attr(p, CA_ATTR_SERIAL_NUMBER, p->serial_number));
    for (size_t i = 0; i < ids->n; i++) {
        if (!srv_role_allows_user_id(p->role, ids->v[i]))
            return sg_err_set(p->err, SG_POLICY,
                              "user_id %s is not allowed by this role",
                              shown(p, ids->v[i]));
        SG_TRY(add_attr(p, CA_ATTR_USER_ID, ids->v[i]));
    }
    return SG_OK;
}

static enum sg_rc gather_sans(struct srv_prep *p)
{
    if (p->sans_from_csr)
        return add_others(p);
    for (size_t i = 0; i < p->fields.alt_names.n; i++)
        SG_TRY(add_alt_name(p, p->fields.alt_names.v[i]));
    SG_TRY(add_others(p));
    SG_TRY(add_ips(p));
    return add_uris(p);
}

enum sg_rc srv_prep_names(struct srv_prep *p)
{
    if (p->sans_from_csr)
        p->sans = p->csr.sans;
    SG_TRY(choose_cn(p));
    SG_TRY(add_cn(p));
    SG_TRY(choose_serial_number(p));
    SG_TRY(gather_sans(p));
    sort_sans(&p->sans);
    for (size_t i = 0; i < p->sans.n; i++)
        SG_TRY(check_san(p, &p->sans.san[i]));
    return make_subject(p);
}
