/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/other-san.h"

#include <string.h>
#include <strings.h>

#include "common/der.h"

static const char *after_type(const char *type)
{
    static const char *const types[] = { "UTF8:", "UTF-8:" };
    for (size_t i = 0; i < SG_ARRAY_LEN(types); i++)
        if (strncasecmp(type, types[i], strlen(types[i])) == 0)
            return type + strlen(types[i]);
    return NULL;
}

enum sg_rc srv_other_parse(struct sg_arena *arena, const char *text,
                           struct srv_other *ret, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf octets = { 0 };
    struct sg_err inner = { 0 };
    const char *semicolon = strchr(text, ';');
    const char *value = semicolon == NULL ? NULL : after_type(semicolon + 1);
    sg_buf_init(&octets, SG_OID_TEXT_MAX);
    if (value == NULL || *value == '\0')
        return sg_err_set(err, SG_FORMAT,
                          "other SAN \"%.128s\" is not of the form "
                          "<oid>;UTF8:<value>",
                          text);
    char *oid = sg_arena_text(
        arena, SG_SLICE((const uint8_t *)text, (size_t)(semicolon - text)));
    char *copy = sg_arena_strdup(arena, value);
    if (oid == NULL || copy == NULL)
        return sg_err_set(err, SG_NOMEM, "other SAN");
    if (sg_oid_from_text(oid, &octets, &inner) != SG_OK)
        return sg_err_set(err, SG_FORMAT, "other SAN \"%.128s\": %s", text,
                          inner.msg);
    *ret = (struct srv_other){ .oid = oid, .value = copy };
    return SG_OK;
}
