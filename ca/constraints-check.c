/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>

#include "ca/constraints-list.h"
#include "ca/dn-table.h"
#include "ca/san-add.h"
#include "ca/show.h"
#include "ca/subset.h"
#include "common/parse.h"

#define TREE_TEXT_MAX 160

/* One name of the certificate, ready to be compared. */
struct held {
    const char *noun;      /* for people: "common name" */
    struct sg_slice shown; /* as it stands in the certificate */
    struct ca_subtree as;  /* the subtree that holds just this name */
    bool wildcard;     /* DNS: stands for every label in front of as.value */
    const char *fault; /* NULL, or why nothing can be held against it */
    uint8_t ip[32];    /* as.value of an address: with a full mask */
};

enum hit { HIT_NONE, HIT_INSIDE, HIT_COVERS };

/* --- comparing ------------------------------------------------------------ */

/* Does the wildcard above base stand for a name inside the tree, although base
 * itself lies outside? One label stands for the star (RFC 6125 6.4.3). */
static bool wildcard_covers(struct sg_slice base, struct sg_slice tree)
{
    size_t label = tree.len - base.len;

    if (base.len == 0)
        return tree.len > 0 && memchr(tree.p, '.', tree.len) == NULL;
    return tree.len > base.len + 1 && tree.p[label - 1] == '.'
           && memchr(tree.p, '.', label - 1) == NULL
           && strncasecmp((const char *)tree.p + label, (const char *)base.p,
                          base.len)
                  == 0;
}

/* Attribute types equal, values equal but for case, spaces and string type: what a
 * verifier that follows RFC 5280 7.1 takes for the same RDN. */
static bool rdn_alike(struct sg_der *a, struct sg_der *b)
{
    struct sg_err err = { 0 };

    while (sg_der_more(a) && sg_der_more(b)) {
        struct sg_der pair[2];
        struct sg_slice oid[2] = { { 0 }, { 0 } };
        struct sg_der_tlv v[2] = { { 0 }, { 0 } };

        if (sg_der_enter(a, SG_DER_SEQUENCE, &pair[0], &err) != SG_OK
            || sg_der_enter(b, SG_DER_SEQUENCE, &pair[1], &err) != SG_OK)
            return false;
        for (size_t i = 0; i < 2; i++)
            if (sg_der_oid(&pair[i], &oid[i], &err) != SG_OK
                || sg_der_any(&pair[i], &v[i], &err) != SG_OK)
                return false;
        if (!sg_slice_eq(oid[0], oid[1])
            || !sg_text_alike(v[0].content, v[1].content))
            return false;
    }
    return !sg_der_more(a) && !sg_der_more(b);
}

/* Are the first RDNs of name alike to all of tree's? */
static bool directory_alike(struct sg_slice name, struct sg_slice tree)
{
    struct sg_err err = { 0 };
    struct sg_der in;
    struct sg_der a;
    struct sg_der b;
    struct sg_der set_a;
    struct sg_der set_b;

    sg_der_init(&in, name, "name");
    if (sg_der_enter(&in, SG_DER_SEQUENCE, &a, &err) != SG_OK)
        return false;
    sg_der_init(&in, tree, "name");
    if (sg_der_enter(&in, SG_DER_SEQUENCE, &b, &err) != SG_OK)
        return false;
    while (sg_der_more(&b))
        if (sg_der_enter(&a, SG_DER_SET, &set_a, &err) != SG_OK
            || sg_der_enter(&b, SG_DER_SET, &set_b, &err) != SG_OK
            || !rdn_alike(&set_a, &set_b))
            return false;
    return true;
}

/* RFC 5280 defines no comparison for otherName: what a verifier could take for
 * inside. A user principal name is in a domain, or below it. */
static bool other_alike(struct sg_slice name, const struct ca_subtree *tree)
{
    struct sg_slice held = tree->value;
    const uint8_t *at = name.len > 0 ? memchr(name.p, '@', name.len) : NULL;

    if (!ca_oid_is(tree->oid, CA_OID_UPN) || at == NULL || held.len == 0)
        return true;
    if (memchr(held.p, '@', held.len) == NULL) {
        size_t dot = held.p[0] == '.' ? 1 : 0;

        name = SG_SLICE(at + 1, name.len - (size_t)(at - name.p) - 1);
        return ca_subtree_within(
            &(struct ca_subtree){ .kind = CA_SAN_DNS, .value = name },
            &(struct ca_subtree){ .kind = CA_SAN_DNS,
                                  .value =
                                      SG_SLICE(held.p + dot, held.len - dot) });
    }
    return name.len == held.len
           && strncasecmp((const char *)name.p, (const char *)held.p, name.len)
                  == 0;
}

static bool same_form(const struct ca_subtree *tree, const struct held *name)
{
    return tree->kind == name->as.kind
           && (tree->kind != CA_SAN_OTHER
               || sg_slice_eq(tree->oid, name->as.oid));
}

/* Excluded is read widely, permitted to the letter: where verifiers may
 * disagree, no certificate is made. */
static enum hit excluded_hit(const struct ca_subtree *tree,
                             const struct held *name)
{
    if (!same_form(tree, name))
        return HIT_NONE;
    if (ca_subtree_within(&name->as, tree))
        return HIT_INSIDE;
    if (name->wildcard && wildcard_covers(name->as.value, tree->value))
        return HIT_COVERS;
    if (tree->kind == CA_SAN_DIRECTORY
        && directory_alike(name->as.value, tree->value))
        return HIT_INSIDE;
    return tree->kind == CA_SAN_OTHER && other_alike(name->as.value, tree)
               ? HIT_INSIDE
               : HIT_NONE;
}

/* --- one name ------------------------------------------------------------- */

static enum sg_rc refuse(const struct held *name, const char *where,
                         const struct ca_subtree *tree, const char *issuer,
                         struct sg_err *err)
{
    char text[TREE_TEXT_MAX];
    char show[CA_SHOW_MAX];
    const char *shown = name->as.kind == CA_SAN_DIRECTORY
                            ? ca_dn_text(name->shown, show, sizeof(show))
                            : ca_show(name->shown, show);

    return sg_err_set(
        err, SG_POLICY, "%s \"%s\" %s%s%s%s of \"%.128s\" (RFC 5280 4.2.1.10)",
        name->noun, shown, where, tree != NULL ? " \"" : "",
        tree != NULL ? ca_subtree_text(tree, text, sizeof(text)) : "",
        tree != NULL ? "\"" : "", issuer);
}

static enum sg_rc check_held(const struct ca_constraints *nc,
                             const struct held *name, const char *issuer,
                             struct sg_err *err)
{
    bool limited = false;
    bool inside = false;

    for (size_t i = 0; i < nc->excluded.n; i++) {
        const struct ca_subtree *tree = &nc->excluded.tree[i];

        limited = limited || same_form(tree, name);
        switch (excluded_hit(tree, name)) {
        case HIT_INSIDE:
            return refuse(name, "lies in the excluded subtree", tree, issuer,
                          err);
        case HIT_COVERS:
            return refuse(name, "covers names of the excluded subtree", tree,
                          issuer, err);
        case HIT_NONE:
        default:
            break;
        }
    }
    bool must_match = false;
    for (size_t i = 0; i < nc->permitted.n; i++) {
        const struct ca_subtree *tree = &nc->permitted.tree[i];

        must_match = must_match || same_form(tree, name);
        inside =
            inside
            || (same_form(tree, name) && ca_subtree_within(&name->as, tree));
    }
    if (name->fault != NULL && (limited || must_match))
        return refuse(name, name->fault, NULL, issuer, err);
    if (must_match && !inside)
        return refuse(name, "lies in no permitted subtree", NULL, issuer, err);
    return SG_OK;
}

/* --- the names of a certificate ------------------------------------------- */

static const char NO_HOST[] =
    "has no host name to hold against the constraints";

/* ".example.com", "a..example.com", "example.com.": inside or outside, as each
 * verifier likes. */
static bool has_empty_label(struct sg_slice text)
{
    return text.len == 0 || text.p[0] == '.' || text.p[text.len - 1] == '.'
           || memmem(text.p, text.len, "..", 2) != NULL;
}

static void hold_dns(struct sg_slice text, struct held *ret)
{
    const uint8_t *star = text.len > 0 ? memchr(text.p, '*', text.len) : NULL;

    ret->as.kind = CA_SAN_DNS;
    ret->as.value = text;
    ret->fault = has_empty_label(text) ? NO_HOST : NULL;
    ret->wildcard = star != NULL;
    if (star == NULL)
        return;
    /* Whatever the label with the star looks like: any label may stand there. */
    const uint8_t *dot = memchr(star, '.', text.len - (size_t)(star - text.p));
    size_t skip = dot != NULL ? (size_t)(dot - text.p) + 1 : text.len;
    ret->as.value = SG_SLICE(text.p + skip, text.len - skip);
}

static void hold_ip(struct sg_slice octets, struct held *ret)
{
    ret->as.kind = CA_SAN_IP;
    memcpy(ret->ip, octets.p, octets.len);
    memset(ret->ip + octets.len, 0xff, octets.len);
    ret->as.value = SG_SLICE(ret->ip, octets.len * 2);
}

/* Constraints speak about the host only (RFC 5280 4.2.1.10); OpenSSL 3.0 takes
 * user information for a part of it. */
static void hold_uri(struct sg_slice uri, struct held *ret)
{
    struct sg_slice host = { 0 };

    ret->as.kind = CA_SAN_URI;
    if (ca_uri_fault(uri, &host) != NULL || host.len == 0
        || ca_is_ip_text(host))
        ret->fault = NO_HOST;
    else if (host.p[-1] == '@')
        ret->fault = "has user information, which verifiers read otherwise, "
                     "beside the constraints";
    ret->as.value = host;
}

static enum sg_rc check_san(const struct ca_constraints *nc,
                            const struct ca_san *san, const char *issuer,
                            struct sg_err *err)
{
    static const char *const noun[] = {
        [CA_SAN_DNS] = "DNS name",         [CA_SAN_EMAIL] = "email name",
        [CA_SAN_URI] = "URI name",         [CA_SAN_IP] = "IP name",
        [CA_SAN_OTHER] = "otherName name", [CA_SAN_DIRECTORY] = "directory name"
    };
    char text[CA_SHOW_MAX];
    struct held name = { .noun = noun[san->kind],
                         .shown = san->value,
                         .as = { san->kind, san->value, san->oid } };

    if (san->kind == CA_SAN_DNS) {
        hold_dns(san->value, &name);
    } else if (san->kind == CA_SAN_URI) {
        hold_uri(san->value, &name);
    } else if (san->kind == CA_SAN_IP) {
        if (san->value.len != 4 && san->value.len != 16)
            return sg_err_set(err, SG_BUG, "IP name of %zu octets",
                              san->value.len);
        hold_ip(san->value, &name);
        ca_san_text(san, text, sizeof(text));
        name.shown = sg_slice_str(text + strlen("IP:"));
    } else if (san->kind == CA_SAN_OTHER && ca_oid_is(san->oid, CA_OID_UPN)) {
        name.noun = "user principal name";
        if (san->value.len == 0
            || memchr(san->value.p, '@', san->value.len) == NULL)
            name.fault = NO_HOST;
    }
    return check_held(nc, &name, issuer, err);
}

/* What old verifiers take for a host name in the CN: labels with a dot. An
 * underscore does not stop them. */
static bool looks_like_host(struct sg_slice cn)
{
    bool dot = false;

    for (size_t i = 0; i < cn.len; i++) {
        uint8_t c = cn.p[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                     || (c >= '0' && c <= '9');

        if (!alnum && (c == 0 || strchr("-_.*", c) == NULL))
            return false;
        dot = dot || c == '.';
    }
    return dot;
}

static bool has_dns(const struct ca_sans *sans)
{
    for (size_t i = 0; i < sans->n; i++)
        if (sans->san[i].kind == CA_SAN_DNS)
            return true;
    return false;
}

/* Old verifiers take an address there for the certificate's own. Beside no DNS
 * name OpenSSL takes its numbers for labels. */
static enum sg_rc check_cn(const struct ca_constraints *nc, struct sg_slice cn,
                           const struct ca_names *names, const char *issuer,
                           struct sg_err *err)
{
    struct held name = { .noun = "common name", .shown = cn };
    uint8_t octets[16];
    size_t n = ca_ip_octets(cn, octets);

    if (n > 0) {
        hold_ip(SG_SLICE(octets, n), &name);
        SG_TRY(check_held(nc, &name, issuer, err));
    }
    if (!looks_like_host(cn) || (n > 0 && has_dns(names->sans)))
        return SG_OK;
    if (cn.p[cn.len - 1] == '.')
        cn.len--;
    hold_dns(cn, &name);
    return check_held(nc, &name, issuer, err);
}

static enum sg_rc check_email(const struct ca_constraints *nc,
                              struct sg_slice value, const char *issuer,
                              struct sg_err *err)
{
    struct held name = { .noun = "subject emailAddress",
                         .shown = value,
                         .as = { .kind = CA_SAN_EMAIL, .value = value } };

    return check_held(nc, &name, issuer, err);
}

static enum sg_rc check_attributes(const struct ca_constraints *nc,
                                   struct sg_der *rdn,
                                   const struct ca_names *names,
                                   const char *issuer, struct sg_err *err)
{
    while (sg_der_more(rdn)) {
        struct sg_slice oid = { 0 };
        struct sg_der_tlv value = { 0 };
        struct sg_der pair;

        SG_TRY(sg_der_enter(rdn, SG_DER_SEQUENCE, &pair, err));
        SG_TRY(sg_der_oid(&pair, &oid, err));
        SG_TRY(sg_der_any(&pair, &value, err));
        enum ca_attr attr = ca_attr_find(oid);
        if (attr == CA_ATTR_COMMON_NAME && !names->authority)
            SG_TRY(check_cn(nc, value.content, names, issuer, err));
        else if (attr == CA_ATTR_EMAIL)
            SG_TRY(check_email(nc, value.content, issuer, err));
    }
    return SG_OK;
}

static enum sg_rc check_subject(const struct ca_constraints *nc,
                                const struct ca_names *names,
                                const char *issuer, struct sg_err *err)
{
    struct sg_slice subject = names->subject;
    struct held name = { .noun = "subject",
                         .shown = subject,
                         .as = { .kind = CA_SAN_DIRECTORY, .value = subject } };
    struct sg_der in;
    struct sg_der rdns;

    sg_der_init(&in, subject, "subject");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &rdns, err));
    SG_TRY(sg_der_end(&in, err));
    if (!sg_der_more(&rdns))
        return SG_OK; /* an empty subject is no name (RFC 5280 6.1.3 (b)) */
    SG_TRY(check_held(nc, &name, issuer, err));
    while (sg_der_more(&rdns)) {
        struct sg_der rdn;

        SG_TRY(sg_der_enter(&rdns, SG_DER_SET, &rdn, err));
        SG_TRY(check_attributes(nc, &rdn, names, issuer, err));
    }
    return SG_OK;
}

enum sg_rc ca_constraints_check(const struct ca_constraints *nc,
                                const struct ca_names *names,
                                const char *issuer, struct sg_err *err)
{
    SG_TRY(check_subject(nc, names, issuer, err));
    for (size_t i = 0; i < names->sans->n; i++)
        SG_TRY(check_san(nc, &names->sans->san[i], issuer, err));
    return SG_OK;
}
