/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/names.h"

#include <string.h>
#include <strings.h>

#include "ca/san.h"

/* What the matching steps know of one name. */
struct name {
    const char *whole;
    const char *host;    /* of an email, or the name itself */
    const char *reduced; /* host without the wildcard label */
    bool is_email;
    bool is_wildcard;
};

static char fold(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

bool srv_glob(const char *pattern, const char *text, bool ignore_case)
{
    const char *star = NULL;
    const char *mark = NULL;
    while (*text != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            mark = text;
        } else if (*pattern == *text
                   || (ignore_case && fold(*pattern) == fold(*text))) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star;
            text = ++mark;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

/* Is name something below domain ("." and domain at its end)? */
static bool is_below(const char *name, const char *domain)
{
    size_t n = strlen(name);
    size_t d = strlen(domain);
    return n > d && name[n - d - 1] == '.'
           && strcasecmp(name + n - d, domain) == 0;
}

/* One '*' in the leftmost label, with more labels after it (RFC 6125 6.4.3). */
static bool split_wildcard(struct name *name)
{
    const char *star = strchr(name->host, '*');
    const char *dot = strchr(name->host, '.');
    if (dot == NULL || star > dot || strchr(star + 1, '*') != NULL)
        return false;
    name->reduced = dot + 1;
    return true;
}

static bool split(const char *text, const struct srv_role *role,
                  struct name *ret)
{
    const char *at = strchr(text, '@');
    *ret = (struct name){ .whole = text, .host = text };
    if (at != NULL) {
        if (strchr(at + 1, '@') != NULL)
            return false;
        ret->is_email = true;
        ret->host = at + 1;
    }
    ret->reduced = ret->host;
    ret->is_wildcard = strchr(ret->host, '*') != NULL;
    if (!ret->is_wildcard)
        return true;
    return role->allow_wildcard_certificates && !ret->is_email
           && split_wildcard(ret);
}

/* The label that holds the '*': what is left of it must still be a label. */
static bool is_wildcard_label(const char *label)
{
    size_t len = strcspn(label, ".");
    for (size_t i = 0; i < len; i++) {
        char c = fold(label[i]);
        bool ok = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '*'
                  || (c == '-' && i > 0 && i + 1 < len);
        if (!ok)
            return false;
    }
    return len <= 63; /* RFC 1035 2.3.4 */
}

static bool is_hostname(const char *text)
{
    return ca_dns_fault(sg_slice_str(text), false) == NULL;
}

static bool is_local(const struct srv_role *role, const struct name *name)
{
    static const char *const local[] = { "localhost", "localdomain" };
    for (size_t i = 0; i < SG_ARRAY_LEN(local); i++) {
        bool equal = strcasecmp(name->reduced, local[i]) == 0;
        if (equal && !name->is_wildcard)
            return true;
        if (role->allow_subdomains
            && (equal || is_below(name->reduced, local[i])))
            return true;
    }
    return false;
}

static bool domain_allows(const struct srv_role *role, const char *domain,
                          const struct name *name)
{
    if (role->allow_bare_domains
        && (strcasecmp(name->whole, domain) == 0
            || (name->is_email && strcasecmp(name->host, domain) == 0)))
        return true;
    if (role->allow_subdomains
        && (is_below(name->reduced, domain)
            || (name->is_wildcard && strcasecmp(name->reduced, domain) == 0)))
        return true;
    return role->allow_glob_domains && strchr(domain, '*') != NULL
           && srv_glob(domain, name->whole, true);
}

bool srv_role_allows_name(const struct srv_role *role, const char *text)
{
    struct name name;
    if (!split(text, role, &name))
        return false;
    if (role->enforce_hostnames
        && (!is_hostname(name.reduced)
            || (name.is_wildcard && !is_wildcard_label(name.host))))
        return false;
    if (role->allow_any_name)
        return true;
    if (role->allow_localhost && is_local(role, &name))
        return true;
    for (size_t i = 0; i < role->allowed_domains.n; i++)
        if (domain_allows(role, role->allowed_domains.v[i], &name))
            return true;
    return false;
}

static bool any_glob(const struct srv_list *list, const char *text)
{
    for (size_t i = 0; i < list->n; i++)
        if (srv_glob(list->v[i], text, false))
            return true;
    return false;
}

bool srv_role_allows_uri(const struct srv_role *role, const char *uri)
{
    return any_glob(&role->allowed_uri_sans, uri);
}

bool srv_role_allows_serial_number(const struct srv_role *role,
                                   const char *value)
{
    return any_glob(&role->allowed_serial_numbers, value);
}

bool srv_role_allows_user_id(const struct srv_role *role, const char *value)
{
    for (size_t i = 0; i < role->allowed_user_ids.n; i++)
        if (strcasecmp(role->allowed_user_ids.v[i], value) == 0)
            return true;
    return any_glob(&role->allowed_user_ids, value);
}

/* What follows "oid;" in an entry of that OID, or NULL. "*" alone is all. */
static const char *other_pattern(const char *entry, const char *oid)
{
    size_t len = strlen(oid);
    if (strcmp(entry, "*") == 0)
        return entry;
    return strncmp(entry, oid, len) == 0 && entry[len] == ';' ? entry + len + 1
                                                              : NULL;
}

bool srv_role_allows_other_oid(const struct srv_role *role, const char *oid)
{
    for (size_t i = 0; i < role->allowed_other_sans.n; i++)
        if (other_pattern(role->allowed_other_sans.v[i], oid) != NULL)
            return true;
    return false;
}

bool srv_role_allows_other(const struct srv_role *role, const char *oid,
                           const char *value)
{
    for (size_t i = 0; i < role->allowed_other_sans.n; i++) {
        const char *glob = other_pattern(role->allowed_other_sans.v[i], oid);
        if (glob != NULL && srv_glob(glob, value, false))
            return true;
    }
    return false;
}
