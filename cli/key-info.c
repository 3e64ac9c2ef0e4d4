/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/key-info.h"

#include <openssl/evp.h>

#include "common/parse.h"
#include "common/pem.h"

#define DAY 86400
#define PEM_MAX ((size_t)2 * TOK_SPKI_MAX)

const struct cli_field CLI_KEY_FIELDS[CLI_N_KEY_FIELDS] = {
    { "label", "Label" },
    { "id", "CKA_ID" },
    { "type", "Type" },
    { "attributes", "Attributes" },
    { "judgement", "Judgement" },
    { "purpose", "Purpose" },
    { "may_sign_ca", "May sign CAs" },
    { "max_path_length", "Path length" },
    { "max_validity", "Longest validity" },
    { "may_sign_crl", "May sign CRLs" },
    { "extended_key_usage", "Extended key usage" },
    { "permitted_names", "Names permitted" },
    { "excluded_names", "Names excluded" },
    { "max_per_second", "Signatures a second" },
    { "max_per_day", "Signatures a day" },
    { "bound", "Bound to issuer" },
    { "issuer_sha256", "Issuer SHA-256" },
    { "answers_for", "Answers for" },
    { "chain_length", "Chain known" },
    { "signatures", "Signed so far" },
    { "refused_text", "Refused so far" },
    { "guard", "Guard" },
    { "spki_sha256", "SPKI SHA-256" },
};

const struct cli_field CLI_TOKEN_FIELDS[CLI_N_TOKEN_FIELDS] = {
    { "label", "Label" },   { "serial", "Serial" },
    { "slot", "Slot" },     { "initialised", "Initialised" },
    { "pin", "PIN" },       { "manufacturer", "Manufacturer" },
    { "model", "Model" },   { "firmware", "Firmware" },
    { "module", "Module" }, { "sessions", "Sessions" },
};

static void put_public_key(struct json_object *json, struct sg_slice spki)
{
    struct sg_err err = { 0 };
    uint8_t digest[32];
    struct sg_buf pem;
    sg_buf_init(&pem, PEM_MAX);
    if (spki.len == 0) {
        cli_put_text(json, "spki_sha256", NULL);
        cli_put_text(json, "public_key", NULL);
    } else if (EVP_Digest(spki.p, spki.len, digest, NULL, EVP_sha256(), NULL)
                   == 1
               && sg_pem_encode("PUBLIC KEY", spki, &pem, &err) == SG_OK) {
        cli_put_hex(json, "spki_sha256", SG_SLICE(digest, sizeof(digest)));
        cli_put_slice(json, "public_key", sg_buf_slice(&pem));
    }
    sg_buf_done(&pem);
}

/* "90d", or seconds when it is no whole number of days. */
static void put_validity(struct json_object *json, int64_t seconds)
{
    char text[32];
    if (seconds % DAY == 0)
        (void)snprintf(text, sizeof(text), "%lldd", (long long)seconds / DAY);
    else
        (void)snprintf(text, sizeof(text), "%llds", (long long)seconds);
    cli_put_text(json, "max_validity", text);
}

static void put_guard(struct json_object *json, const struct tok_key_info *info)
{
    if (!info->has_guard) {
        cli_put_text(json, "guard", "none: signet signs nothing with this key");
        return;
    }
    cli_put_text(json, "purpose", tok_purpose_name(info->purpose));
    if (info->purpose == TOK_PURPOSE_CA) {
        cli_put_bool(json, "may_sign_ca", info->may_sign_ca);
        if (info->may_sign_ca && info->has_max_path_length)
            cli_put_int(json, "max_path_length", info->max_path_length);
        put_validity(json, info->max_validity);
    } else if (info->purpose != TOK_PURPOSE_OCSP) {
        return;
    }
    cli_put_bool(json, "bound", info->bound);
    if (info->bound)
        cli_put_hex(json, "issuer_sha256",
                    SG_SLICE(info->issuer_sha256, sizeof(info->issuer_sha256)));
}

struct json_object *cli_key_json(const struct tok_key_info *info)
{
    char attrs[256];
    struct json_object *json = cli_json_object();
    cli_put_text(json, "label", info->label);
    cli_put_hex(json, "id", SG_SLICE(info->id, info->id_len));
    cli_put_text(json, "type", tok_key_type_name(info->type));
    cli_put_text(json, "attributes",
                 tok_attrs_text(info->attrs, attrs, sizeof(attrs)));
    const char *fault = tok_attrs_fault(info->attrs, info->has_guard);
    cli_put_bool(json, "fit_for_ca", fault == NULL);
    cli_put_text(json, "judgement",
                 fault == NULL ? "fit for a CA: it cannot leave the token"
                               : fault);
    put_guard(json, info);
    put_public_key(json, SG_SLICE(info->spki, info->spki_len));
    return json;
}

static const char *pin_state(const struct tok_token_info *info)
{
    if (info->pin_locked)
        return "locked";
    if (info->pin_final_try)
        return "one attempt left";
    return info->pin_count_low ? "wrong PINs were tried" : "ok";
}

struct json_object *cli_token_json(const struct tok_token_info *info)
{
    struct json_object *json = cli_json_object();
    cli_put_text(json, "label", info->label);
    cli_put_text(json, "serial", info->serial);
    cli_put_int(json, "slot", (int64_t)info->slot_id);
    cli_put_bool(json, "initialised", info->initialised);
    if (info->initialised)
        cli_put_text(json, "pin", pin_state(info));
    cli_put_text(json, "manufacturer", info->manufacturer);
    cli_put_text(json, "model", info->model);
    cli_put_text(json, "firmware", info->firmware);
    cli_put_text(json, "module", info->module);
    if (info->sessions > 0)
        cli_put_int(json, "sessions", info->sessions);
    return json;
}
