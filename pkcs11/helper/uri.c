/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/uri.h"

#include <p11-kit/uri.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "pkcs11/helper/ckr.h"

SG_DEFINE_CLEANUP(P11KitUri, p11_kit_uri_free);

static enum sg_rc uri_parse(const char *text, P11KitUri **ret_uri,
                            struct sg_err *err)
{
    SG_CLEANUP(p11_kit_uri_free) P11KitUri *uri = p11_kit_uri_new();
    CK_ULONG n_attrs = 0;

    if (uri == NULL)
        return sg_err_set(err, SG_NOMEM, "token URI");
    /* The text is not repeated: it may hold a PIN. */
    int rc = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, uri);
    if (rc != P11_KIT_URI_OK)
        return sg_err_set(err, SG_CONFIG, "token URI: %s (RFC 7512)",
                          p11_kit_uri_message(rc));
    if (p11_kit_uri_get_pin_value(uri) != NULL)
        return sg_err_set(err, SG_CONFIG,
                          "token URI: pin-value puts the PIN where everybody "
                          "reads it: use --pin-source");
    if (p11_kit_uri_get_pin_source(uri) != NULL)
        return sg_err_set(err, SG_CONFIG,
                          "token URI: pin-source: use --pin-source");
    if (p11_kit_uri_get_module_path(uri) != NULL
        || p11_kit_uri_get_module_name(uri) != NULL)
        return sg_err_set(err, SG_CONFIG,
                          "token URI: module-path, module-name: use --module");
    if (p11_kit_uri_any_unrecognized(uri) != 0)
        return sg_err_set(err, SG_CONFIG,
                          "token URI: unknown attribute; token, manufacturer, "
                          "model, serial and slot-id are known");
    (void)p11_kit_uri_get_attributes(uri, &n_attrs);
    if (n_attrs > 0)
        return sg_err_set(err, SG_CONFIG,
                          "token URI: names an object (object, id or type); "
                          "it must name a token");
    *ret_uri = SG_TAKE(uri);
    return SG_OK;
}

enum sg_rc tok_uri_check(const char *uri, struct sg_err *err)
{
    SG_CLEANUP(p11_kit_uri_free) P11KitUri *parsed = NULL;

    return uri_parse(uri, &parsed, err);
}

/* --- descriptions ------------------------------------------------------------ */

/* A blank-padded field as text without control characters. */
static void field_text(const unsigned char *field, size_t len, char *dst,
                       size_t size)
{
    while (len > 0 && (field[len - 1] == ' ' || field[len - 1] == '\0'))
        len--;
    if (len > size - 1)
        len = size - 1;
    for (size_t i = 0; i < len; i++)
        dst[i] = (char)(field[i] < 0x20 || field[i] == 0x7f ? '?' : field[i]);
    dst[len] = '\0';
}

/* Some pad with NULs where PKCS#11 wants blanks, and URIs are matched against
 * blanks. */
static void pad_with_blanks(unsigned char *field, size_t len)
{
    while (len > 0 && (field[len - 1] == '\0' || field[len - 1] == ' '))
        field[--len] = ' ';
}

enum sg_rc tok_token_describe(struct tok_module *module, CK_SLOT_ID slot,
                              struct tok_token_info *ret, CK_TOKEN_INFO *ret_ck,
                              struct sg_err *err)
{
    CK_TOKEN_INFO ck = { 0 };
    struct tok_token_info info = { .slot_id = slot };
    CK_RV rv = tok_c(module, GetTokenInfo, slot, &ck);

    if (rv != CKR_OK)
        return tok_err_ckr(err, rv, "C_GetTokenInfo");
    pad_with_blanks(ck.label, sizeof(ck.label));
    pad_with_blanks(ck.manufacturerID, sizeof(ck.manufacturerID));
    pad_with_blanks(ck.model, sizeof(ck.model));
    pad_with_blanks(ck.serialNumber, sizeof(ck.serialNumber));
    info.initialised = (ck.flags & CKF_TOKEN_INITIALIZED) != 0;
    info.pin_count_low = (ck.flags & CKF_USER_PIN_COUNT_LOW) != 0;
    info.pin_final_try = (ck.flags & CKF_USER_PIN_FINAL_TRY) != 0;
    info.pin_locked = (ck.flags & CKF_USER_PIN_LOCKED) != 0;
    field_text(ck.label, sizeof(ck.label), info.label, sizeof(info.label));
    field_text(ck.serialNumber, sizeof(ck.serialNumber), info.serial,
               sizeof(info.serial));
    field_text(ck.manufacturerID, sizeof(ck.manufacturerID), info.manufacturer,
               sizeof(info.manufacturer));
    field_text(ck.model, sizeof(ck.model), info.model, sizeof(info.model));
    (void)snprintf(info.firmware, sizeof(info.firmware), "%u.%u",
                   ck.firmwareVersion.major, ck.firmwareVersion.minor);
    tok_module_describe(module, info.module, sizeof(info.module));
    *ret = info;
    if (ret_ck != NULL)
        *ret_ck = ck;
    return SG_OK;
}

void tok_module_describe(struct tok_module *module, char *dst, size_t size)
{
    CK_INFO info = { 0 };
    char text[sizeof(info.libraryDescription) + 1];

    if (tok_c(module, GetInfo, &info) != CKR_OK) {
        (void)snprintf(dst, size, "?");
        return;
    }
    field_text(info.libraryDescription, sizeof(info.libraryDescription), text,
               sizeof(text));
    (void)snprintf(dst, size, "%s %u.%u", text, info.libraryVersion.major,
                   info.libraryVersion.minor);
}

/* --- finding ------------------------------------------------------------------ */

/* Tokens seen, for the message that says none of them fits. */
struct seen {
    char text[256];
    size_t used;
    unsigned n;
};

static void seen_add(struct seen *seen, const struct tok_token_info *info)
{
    char quoted[SG_LOG_VALUE_MAX];

    if (!info->initialised || seen->used >= sizeof(seen->text) - 1)
        return;
    int n = snprintf(seen->text + seen->used, sizeof(seen->text) - seen->used,
                     "%s%s", seen->n > 0 ? ", " : "",
                     sg_log_quote(info->label, quoted, sizeof(quoted)));
    if (n > 0)
        seen->used += (size_t)n;
    seen->n++;
}

enum sg_rc tok_slots(struct tok_module *module,
                     CK_SLOT_ID list[TOK_SLOTS_SEEN_MAX], CK_ULONG *n,
                     struct sg_err *err)
{
    CK_RV rv = CKR_OK;

    /* Asking for the number makes SoftHSM and others look for new tokens. */
    rv = tok_c(module, GetSlotList, CK_TRUE, NULL, n);
    if (rv == CKR_OK) {
        *n = TOK_SLOTS_SEEN_MAX;
        rv = tok_c(module, GetSlotList, CK_TRUE, list, n);
    }
    if (rv != CKR_OK)
        return tok_err_ckr(err, rv, "C_GetSlotList");
    return SG_OK;
}

enum sg_rc tok_uri_slot(struct tok_module *module, const char *uri,
                        CK_SLOT_ID *ret_slot, struct sg_err *err)
{
    SG_CLEANUP(p11_kit_uri_free) P11KitUri *parsed = NULL;
    CK_SLOT_ID list[TOK_SLOTS_SEEN_MAX] = { 0 };
    CK_ULONG n = 0;
    CK_ULONG hits = 0;
    CK_SLOT_ID hit = 0;
    struct seen seen = { .n = 0 };

    SG_TRY(uri_parse(uri, &parsed, err));
    SG_TRY(tok_slots(module, list, &n, err));
    CK_SLOT_ID wanted = p11_kit_uri_get_slot_id(parsed);
    for (CK_ULONG i = 0; i < n; i++) {
        struct tok_token_info info;
        CK_TOKEN_INFO ck;
        struct sg_err gone = { 0 };

        /* A token pulled out just now must not hide the others. */
        if (tok_token_describe(module, list[i], &info, &ck, &gone) != SG_OK)
            continue;
        seen_add(&seen, &info);
        if (!info.initialised || (wanted != (CK_SLOT_ID)-1 && wanted != list[i])
            || p11_kit_uri_match_token_info(parsed, &ck) == 0)
            continue;
        hits++;
        hit = list[i];
    }
    if (hits == 0)
        return sg_err_set(err, SG_NOT_FOUND,
                          "no token fits %s; tokens there: %s", uri,
                          seen.n > 0 ? seen.text : "none");
    if (hits > 1)
        return sg_err_set(err, SG_CONFLICT,
                          "%lu tokens fit %s: add serial= to the URI", hits,
                          uri);
    *ret_slot = hit;
    return SG_OK;
}
