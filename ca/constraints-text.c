/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "ca/constraints-list.h"
#include "ca/dn-text.h"
#include "ca/oid.h"
#include "ca/show.h"
#include "common/parse.h"

#define TREES_FIRST_CAP 8                 /* a power of two */
#define ADDRESS_TEXT_MAX 46               /* INET6_ADDRSTRLEN */
#define EMAIL_LOCAL_MAX 64                /* RFC 5321 4.5.3.1.1 */
#define DIRECTORY_MAX ((size_t)96 * 1024) /* a Name at its largest */
#define UTF8_MARK ";UTF8:"                /* as in Vault's other_sans */

/* The array has room for 8, 16, 32 … entries: it is full whenever n is one of
 * these. */
static enum sg_rc grow(struct sg_arena *arena, struct ca_subtrees *trees,
                       struct sg_err *err)
{
    if (trees->n == CA_SUBTREES_MAX)
        return sg_err_set(err, SG_POLICY,
                          "name constraints: more than %d subtrees",
                          CA_SUBTREES_MAX);
    if (trees->n != 0
        && (trees->n < TREES_FIRST_CAP || (trees->n & (trees->n - 1)) != 0))
        return SG_OK;

    struct ca_subtree *tree =
        sg_arena_array(arena, struct ca_subtree,
                       trees->n == 0 ? TREES_FIRST_CAP : trees->n * 2);
    if (tree == NULL)
        return sg_err_set(err, SG_NOMEM, "name constraints: no memory");
    if (trees->n > 0)
        memcpy(tree, trees->tree, trees->n * sizeof(*tree));
    trees->tree = tree;
    return SG_OK;
}

enum sg_rc ca_subtrees_append(struct sg_arena *arena, struct ca_subtrees *trees,
                              const struct ca_subtree *tree, struct sg_err *err)
{
    for (size_t i = 0; i < trees->n; i++)
        if (trees->tree[i].kind == tree->kind
            && sg_slice_eq(trees->tree[i].value, tree->value)
            && sg_slice_eq(trees->tree[i].oid, tree->oid))
            return SG_OK;
    SG_TRY(grow(arena, trees, err));
    trees->tree[trees->n++] = *tree;
    return SG_OK;
}

/* --- rules for values ----------------------------------------------------- */

static const char *dns_tree_fault(struct sg_slice v)
{
    if (v.len == 0)
        return NULL; /* everything */
    if (v.p[0] == '.')
        return "leading dot: a plain domain covers what is below it (RFC 5280 4.2.1.10)";
    if (memchr(v.p, '*', v.len) != NULL)
        return "wildcard in a subtree (RFC 5280 4.2.1.10)";
    return ca_dns_fault(v, false);
}

/* "host" or ".domain" (RFC 5280 4.2.1.10, email and URI). */
static const char *host_tree_fault(struct sg_slice v)
{
    if (v.len > 1 && v.p[0] == '.')
        v = SG_SLICE(v.p + 1, v.len - 1);
    return ca_dns_fault(v, false);
}

static const char *uri_tree_fault(struct sg_slice v)
{
    if (v.len > 0
        && (memchr(v.p, ':', v.len) != NULL || memchr(v.p, '/', v.len) != NULL))
        return "not a host or .domain: constraints on URIs hold their hosts (RFC 5280 4.2.1.10)";
    return host_tree_fault(v);
}

static const char *email_tree_fault(struct sg_slice v)
{
    const uint8_t *at = v.len > 0 ? memchr(v.p, '@', v.len) : NULL;

    if (at == NULL)
        return host_tree_fault(v);
    size_t local = (size_t)(at - v.p);
    if (local == 0 || local > EMAIL_LOCAL_MAX)
        return "not 1 to 64 octets before the @ (RFC 5321 4.5.3.1.1)";
    return ca_dns_fault(SG_SLICE(at + 1, v.len - local - 1), false);
}

static const char *ip_tree_fault(struct sg_slice v)
{
    size_t half = v.len / 2;
    bool ended = false;

    if (v.len != 8 && v.len != 32)
        return "not an address and a mask of 4 or 16 octets each (RFC 5280 4.2.1.10)";
    for (size_t bit = 0; bit < half * 8; bit++) {
        bool set = (v.p[half + bit / 8] & (0x80U >> bit % 8)) != 0;

        if (set && ended)
            return "mask is not contiguous (RFC 4632 3.1)";
        ended = ended || !set;
    }
    for (size_t i = 0; i < half; i++)
        if ((v.p[i] & (uint8_t)~v.p[half + i]) != 0)
            return "host bits are set (RFC 4632 3.1)";
    return NULL;
}

/* Sets of attributes, whatever these are: what cannot be compared is no
 * constraint. */
static bool is_name(struct sg_slice der)
{
    struct sg_err err = { 0 };
    struct sg_der in;
    struct sg_der name;
    struct sg_der set;
    struct sg_der pair;
    struct sg_slice oid;
    struct sg_der_tlv value;

    sg_der_init(&in, der, "name");
    if (sg_der_enter(&in, SG_DER_SEQUENCE, &name, &err) != SG_OK
        || sg_der_more(&in))
        return false;
    while (sg_der_more(&name)) {
        if (sg_der_enter(&name, SG_DER_SET, &set, &err) != SG_OK)
            return false;
        do
            if (sg_der_enter(&set, SG_DER_SEQUENCE, &pair, &err) != SG_OK
                || sg_der_oid(&pair, &oid, &err) != SG_OK
                || sg_der_any(&pair, &value, &err) != SG_OK
                || sg_der_more(&pair))
                return false;
        while (sg_der_more(&set));
    }
    return true;
}

const char *ca_subtree_fault(const struct ca_subtree *tree)
{
    switch (tree->kind) {
    case CA_SAN_DNS:
        return dns_tree_fault(tree->value);
    case CA_SAN_EMAIL:
        return email_tree_fault(tree->value);
    case CA_SAN_URI:
        return uri_tree_fault(tree->value);
    case CA_SAN_IP:
        return ip_tree_fault(tree->value);
    case CA_SAN_OTHER:
        return ca_oid_is(tree->oid, CA_OID_UPN) ? email_tree_fault(tree->value)
                                                : NULL;
    case CA_SAN_DIRECTORY:
        return is_name(tree->value) ? NULL : "is not a Name (RFC 5280 4.1.2.4)";
    case CA_SAN_UNSET:
    default:
        return "no form of name";
    }
}

/* --- from people ---------------------------------------------------------- */

/* "192.0.2.0/24" into address and mask; 0 octets when it is none. */
static size_t read_cidr(const char *text, uint8_t dst[static 32])
{
    char address[ADDRESS_TEXT_MAX];
    const char *slash = strchr(text, '/');
    struct sg_err err = { 0 };
    uint64_t prefix = 0;

    if (slash == NULL || (size_t)(slash - text) >= sizeof(address))
        return 0;
    memcpy(address, text, (size_t)(slash - text));
    address[slash - text] = '\0';

    size_t half = strchr(address, ':') != NULL ? 16 : 4;
    if (inet_pton(half == 4 ? AF_INET : AF_INET6, address, dst) != 1
        || sg_parse_u64(slash + 1, 0, half * 8, &prefix, &err) != SG_OK)
        return 0;
    for (size_t bit = 0; bit < half * 8; bit++) {
        if (bit % 8 == 0)
            dst[half + bit / 8] = 0;
        if (bit < prefix)
            dst[half + bit / 8] |= (uint8_t)(0x80U >> bit % 8);
    }
    return half * 2;
}

static enum sg_rc refuse(enum ca_san_kind kind, const char *text,
                         const char *rule, struct sg_err *err)
{
    char show[CA_SHOW_MAX];

    return sg_err_set(err, SG_POLICY, "name constraints: %s \"%s\": %s",
                      ca_san_kind_name(kind), ca_show(sg_slice_str(text), show),
                      rule);
}

/* The host part in A-labels and lower case, what stands before it as it is. */
static enum sg_rc read_name(struct sg_arena *arena, const char *text,
                            struct sg_slice *ret, struct sg_err *err)
{
    const char *at = strchr(text, '@');
    const char *host = at != NULL ? at + 1 : text;
    struct sg_slice ascii = { 0 };

    host += *host == '.' && at == NULL ? 1 : 0;
    if (*host != '\0'
        && ca_dns_to_ascii(arena, sg_slice_str(host), &ascii, err) != SG_OK)
        return sg_err_wrap(err, "name constraints");
    const char *whole =
        sg_arena_printf(arena, "%.*s%.*s", (int)(host - text), text,
                        (int)ascii.len, (const char *)ascii.p);
    if (whole == NULL)
        return sg_err_set(err, SG_NOMEM, "name constraints: no memory");
    *ret = sg_slice_str(whole);
    return SG_OK;
}

/* "O=Example,C=DE"; nothing is the empty Name, which holds every other. */
static enum sg_rc read_directory(struct sg_arena *arena, const char *text,
                                 struct sg_slice *ret, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    struct sg_err why = { 0 };
    struct ca_dn dn = { 0 };

    sg_buf_init(&der, DIRECTORY_MAX);
    if ((*text != '\0' && ca_dn_from_text(arena, text, &dn, &why) != SG_OK)
        || ca_dn_encode(&dn, &der, &why) != SG_OK)
        return refuse(CA_SAN_DIRECTORY, text, why.msg, err);
    *ret = sg_arena_copy(arena, sg_buf_slice(&der));
    if (ret->p == NULL)
        return sg_err_set(err, SG_NOMEM, "name constraints: no memory");
    return SG_OK;
}

/* A user principal name's subtree, or "OID;UTF8:value". */
static enum sg_rc read_other(struct sg_arena *arena, const char *text,
                             struct ca_subtree *ret, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf octets;
    const char *mark = strstr(text, UTF8_MARK);
    struct sg_err why = { 0 };

    sg_buf_init(&octets, SG_OID_TEXT_MAX);
    if (mark == NULL) {
        ret->oid = ca_oid(CA_OID_UPN);
        return read_name(arena, text, &ret->value, err);
    }
    const char *oid = sg_arena_printf(arena, "%.*s", (int)(mark - text), text);
    const char *value = sg_arena_strdup(arena, mark + strlen(UTF8_MARK));
    if (oid == NULL || value == NULL)
        return sg_err_set(err, SG_NOMEM, "name constraints: no memory");
    if (sg_oid_from_text(oid, &octets, &why) != SG_OK)
        return refuse(CA_SAN_OTHER, text, why.msg, err);
    ret->oid = sg_arena_copy(arena, sg_buf_slice(&octets));
    if (ret->oid.p == NULL)
        return sg_err_set(err, SG_NOMEM, "name constraints: no memory");
    ret->value = sg_slice_str(value);
    return *value != '\0' && sg_is_utf8(ret->value)
               ? SG_OK
               : refuse(CA_SAN_OTHER, text, "value is empty or not UTF-8", err);
}

static enum sg_rc read_cidr_tree(struct sg_arena *arena, const char *text,
                                 struct sg_slice *ret, struct sg_err *err)
{
    uint8_t cidr[32];
    size_t len = read_cidr(text, cidr);

    if (len == 0)
        return refuse(CA_SAN_IP, text,
                      "not address/prefix length (RFC 4632 3.1)", err);
    *ret = sg_arena_copy(arena, SG_SLICE(cidr, len));
    if (ret->p == NULL)
        return sg_err_set(err, SG_NOMEM, "name constraints: no memory");
    return SG_OK;
}

static enum sg_rc read_tree(struct sg_arena *arena, const char *text,
                            struct ca_subtree *tree, struct sg_err *err)
{
    switch (tree->kind) {
    case CA_SAN_IP:
        return read_cidr_tree(arena, text, &tree->value, err);
    case CA_SAN_DNS:
    case CA_SAN_EMAIL:
    case CA_SAN_URI:
        return read_name(arena, text, &tree->value, err);
    case CA_SAN_DIRECTORY:
        return read_directory(arena, text, &tree->value, err);
    case CA_SAN_OTHER:
        return read_other(arena, text, tree, err);
    case CA_SAN_UNSET:
    default:
        return refuse(tree->kind, text, "cannot be given as text", err);
    }
}

enum sg_rc ca_subtrees_add(struct sg_arena *arena, struct ca_subtrees *trees,
                           enum ca_san_kind kind, const char *text,
                           struct sg_err *err)
{
    struct ca_subtree tree = { .kind = kind };

    SG_TRY(read_tree(arena, text, &tree, err));
    const char *broken = ca_subtree_fault(&tree);
    if (broken != NULL)
        return refuse(kind, text, broken, err);
    return ca_subtrees_append(arena, trees, &tree, err);
}

/* --- for people ----------------------------------------------------------- */

static unsigned prefix_length(struct sg_slice mask)
{
    unsigned n = 0;

    while (n < mask.len * 8 && (mask.p[n / 8] & (0x80U >> n % 8)) != 0)
        n++;
    return n;
}

const char *ca_subtree_text(const struct ca_subtree *tree, char *dst,
                            size_t size)
{
    char text[ADDRESS_TEXT_MAX];
    char show[CA_SHOW_MAX];
    size_t half = tree->value.len / 2;

    if (tree->kind == CA_SAN_DIRECTORY)
        return ca_dn_text(tree->value, dst, size);
    if (tree->kind != CA_SAN_IP) {
        (void)snprintf(dst, size, "%s", ca_show(tree->value, show));
        return dst;
    }
    (void)snprintf(dst, size, "%s/%u",
                   inet_ntop(half == 4 ? AF_INET : AF_INET6, tree->value.p,
                             text, sizeof(text)),
                   prefix_length(SG_SLICE(tree->value.p + half, half)));
    return dst;
}
