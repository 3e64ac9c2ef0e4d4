/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "ca/authority-int.h"

/* A name form that no subtree mentions is free (RFC 5280 4.2.1.10): with a
 * permitted DNS subtree alone, any IP address may still be certified. */

struct form {
    enum ca_san_kind kind;
    size_t len; /* octets of an IP subtree */
    const char *name;
};
enum { FORM_DNS, FORM_IPV4, FORM_IPV6, FORM_EMAIL, FORM_URI, FORM_DIRECTORY };
static const struct form FORMS[] = {
    [FORM_DNS] = { CA_SAN_DNS, 0, "DNS names" },
    [FORM_IPV4] = { CA_SAN_IP, 8, "IPv4 addresses" },
    [FORM_IPV6] = { CA_SAN_IP, 32, "IPv6 addresses" },
    [FORM_EMAIL] = { CA_SAN_EMAIL, 0, "email addresses" },
    [FORM_URI] = { CA_SAN_URI, 0, "URIs" },
    [FORM_DIRECTORY] = { CA_SAN_DIRECTORY, 0, "directory names" },
    { CA_SAN_OTHER, 0, "otherNames" },
};

static bool list_addresses(const struct ca_subtrees *trees,
                           const struct form *form)
{
    for (size_t i = 0; i < trees->n; i++)
        if (trees->tree[i].kind == form->kind
            && (form->len == 0 || trees->tree[i].value.len == form->len))
            return true;
    return false;
}

static bool addresses(const struct ca_constraints *nc, const struct form *form)
{
    return list_addresses(&nc->permitted, form)
           || list_addresses(&nc->excluded, form);
}

/* --- technically constrained ---------------------------------------------- */

static enum sg_rc need(const struct ca_constraints *nc, size_t form,
                       struct sg_err *err)
{
    if (addresses(nc, &FORMS[form]))
        return SG_OK;
    return sg_err_set(err, SG_POLICY,
                      "technically constrained: the name constraints leave %s "
                      "open (BR 7.1.2.5)",
                      FORMS[form].name);
}

enum sg_rc ca_authority_check_forms(const struct ca_authority *it,
                                    struct sg_err *err)
{
    const struct ca_constraints *nc = it->args->constraints;
    bool tls = ca_oids_have(&it->eku, ca_oid(CA_OID_EKU_SERVER_AUTH))
               || ca_oids_have(&it->eku, ca_oid(CA_OID_EKU_CLIENT_AUTH));

    if (nc == NULL)
        return sg_err_set(err, SG_POLICY,
                          "technically constrained: no name constraints "
                          "(BR 7.1.2.5)");
    if (it->eku.n == 0)
        return sg_err_set(err, SG_POLICY,
                          "technically constrained: no extended key usage "
                          "(BR 7.1.2.5)");
    if (tls) {
        SG_TRY(need(nc, FORM_DNS, err));
        SG_TRY(need(nc, FORM_IPV4, err));
        SG_TRY(need(nc, FORM_IPV6, err));
    }
    if (ca_oids_have(&it->eku, ca_oid(CA_OID_EKU_EMAIL)))
        SG_TRY(need(nc, FORM_EMAIL, err));
    if (!list_addresses(&nc->permitted, &FORMS[FORM_DIRECTORY]))
        return sg_err_set(err, SG_POLICY,
                          "technically constrained: no directory name is "
                          "permitted (BR 7.1.2.5)");
    return SG_OK;
}

/* --- warnings ------------------------------------------------------------- */

static bool open_form(const struct ca_authority_args *args,
                      const struct form *form)
{
    size_t n = args->issuer != NULL ? ca_issuer_chain_len(args->issuer) : 0;

    if (args->constraints != NULL && addresses(args->constraints, form))
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct ca_cert *above = ca_issuer_chain(args->issuer, i);

        if (above->has_constraints && addresses(&above->constraints, form))
            return false;
    }
    return true;
}

void ca_authority_warn(const struct ca_authority_args *args,
                       struct ca_warnings *ret)
{
    ret->n = 0;
    if (args->constraints == NULL)
        return;
    for (size_t i = 0; i < SG_ARRAY_LEN(FORMS); i++)
        if (open_form(args, &FORMS[i]))
            (void)snprintf(ret->text[ret->n++], CA_WARNING_MAX,
                           "name constraints: %s are left open: no subtree "
                           "here or above names them (RFC 5280 4.2.1.10)",
                           FORMS[i].name);
}
