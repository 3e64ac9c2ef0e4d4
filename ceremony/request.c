/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/request.h"

#include <string.h>

#include "ceremony/request-schema.h"
#include "common/config-walk.h"

#define UNFILLED "CHANGE-ME" /* what the templates have for people to fill in */

void cer_request_free(struct cer_request *request)
{
    sg_config_free(&CER_REQUEST_SCHEMA, request);
}

/* A template that was not filled in is told by its line: what the value ought
 * to have been does not matter then. */
static enum sg_rc check_filled(struct sg_slice yaml, const char *path,
                               struct sg_err *err)
{
    SG_CLEANUP(sg_walk_free) struct walk *w = NULL;
    struct walk_item item = { .kind = WALK_SCALAR };
    char place[WALK_PLACE_MAX];

    SG_TRY(sg_walk_new(yaml, path, &w, err));
    while (item.kind != WALK_DONE) {
        SG_TRY(sg_walk_next(w, &item, err));
        if (item.kind == WALK_SCALAR
            && memmem(item.text.p, item.text.len, UNFILLED, strlen(UNFILLED))
                   != NULL)
            return sg_err_set(err, SG_CONFIG,
                              "%s:%u: %s: still the template's " UNFILLED, path,
                              item.line, sg_walk_place(w, place));
    }
    return SG_OK;
}

/* --- which keys go with which type ----------------------------------------- */

/* One column per type, in the order of enum cer_type: N needed, o optional,
 * . refused. */
struct rule {
    const char *key;
    size_t offset; /* of the pointer that says "present" */
    const char *types;
};
#define OF(member) offsetof(struct cer_request, member)

static const struct rule RULES[] = {
    /* key, root, intermediate, csr, cross-certificate, rollover,
     * ocsp-responder, crl */
    { "guard", OF(guard), "N......." },
    { "profile", OF(profile), ".oo.oooo" },
    { "subject", OF(subject), ".NoN..o." },
    { "validity", OF(validity), ".NN.NNN." },
    { "path_length", OF(path_length), ".oo.oo.." },
    { "name_constraints", OF(name_constraints), ".oo.oo.." },
    { "technically_constrained", OF(technically_constrained), "..o.oo.." },
    { "extended_key_usage", OF(extended_key_usage.v), "..o.oo.." },
    { "policies", OF(policies.v), ".oo.oo.." },
    { "policy_constraints", OF(policy_constraints), ".oo.oo.." },
    { "inhibit_any_policy", OF(inhibit_any_policy), ".oo.oo.." },
    { "issuing_certificates", OF(issuing_certificates.v), "..o.oo.." },
    { "ocsp_servers", OF(ocsp_servers.v), "..o.oo.." },
    { "crl_distribution_points", OF(crl_distribution_points.v), "..o.oo.." },
    { "digital_signature", OF(digital_signature), ".oo.oo.." },
    { "signature", OF(signature), ".ooooooo" },
    { "issuer", OF(issuer), "..N.NNNN" },
    { "csr", OF(csr), "..o...o." },
    { "certificate", OF(certificate), "....Noo." },
    { "public_key", OF(public_key), ".NoN.oo." },
    { "certified_key", OF(certified_key), "..o.ooo." },
    { "known_certificates", OF(known_certificates.v), ".oo.oo.." },
    { "crl", OF(crl), ".......N" },
};

static bool present(const struct cer_request *request, const struct rule *rule)
{
    const void *value;

    memcpy(&value, (const uint8_t *)request + rule->offset, sizeof(value));
    return value != NULL;
}

static enum sg_rc check_keys(const struct cer_request *request,
                             const char *path, struct sg_err *err)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(RULES); i++) {
        char need = RULES[i].types[request->kind - CER_TYPE_KEY];
        bool there = present(request, &RULES[i]);

        if (there && need == '.')
            return sg_err_set(err, SG_CONFIG,
                              "%s: %s: does not go with type %s", path,
                              RULES[i].key, request->type);
        if (!there && need == 'N')
            return sg_err_set(err, SG_CONFIG, "%s: %s: type %s needs it", path,
                              RULES[i].key, request->type);
    }
    return SG_OK;
}

/* Where the key that is certified may come from. */
static const struct source {
    enum cer_type type;
    const char *other;  /* beside public_key */
    const char *choice; /* for the message */
} SOURCES[] = {
    { CER_TYPE_INTERMEDIATE, "csr", "csr and public_key" },
    { CER_TYPE_ROLLOVER, "certificate", "certificate and public_key" },
    { CER_TYPE_OCSP_RESPONDER, "csr", "csr, certificate and public_key" },
};

static enum sg_rc check_subject(const struct cer_request *request,
                                const char *path, struct sg_err *err)
{
    if (request->kind == CER_TYPE_ROLLOVER)
        return SG_OK;
    if (request->certificate != NULL && request->subject != NULL)
        return sg_err_set(err, SG_CONFIG,
                          "%s: subject: does not go with certificate, whose "
                          "own is taken over",
                          path);
    if (request->public_key != NULL && request->subject == NULL)
        return sg_err_set(err, SG_CONFIG,
                          "%s: subject: needed with public_key (a csr would "
                          "bring its own)",
                          path);
    return SG_OK;
}

/* The key that is certified comes from one place. */
static enum sg_rc check_source(const struct cer_request *request,
                               const char *path, struct sg_err *err)
{
    const struct source *source = NULL;
    int n = (request->csr != NULL) + (request->certificate != NULL)
            + (request->public_key != NULL);

    for (size_t i = 0; i < SG_ARRAY_LEN(SOURCES); i++)
        if (SOURCES[i].type == request->kind)
            source = &SOURCES[i];
    if (source == NULL)
        return SG_OK;
    if (n != 1)
        return sg_err_set(err, SG_CONFIG,
                          "%s: %s: exactly one of %s says whose key is "
                          "certified, not %s",
                          path, n == 0 ? "public_key" : source->other,
                          source->choice,
                          n == 0   ? "none"
                          : n == 2 ? "both"
                                   : "all");
    return check_subject(request, path, err);
}

enum sg_rc cer_request_parse(struct sg_slice yaml, const char *path,
                             struct cer_request **ret, struct sg_err *err)
{
    SG_CLEANUP(cer_request_free) struct cer_request *request = NULL;
    void *data = NULL;

    if (yaml.len > 0)
        SG_TRY(check_filled(yaml, path, err));
    SG_TRY(sg_config_parse(yaml, path, &CER_REQUEST_SCHEMA, &data, err));
    request = data;
    struct sg_err why = { 0 };
    if (cer_type_parse(request->type, &request->kind, &why) != SG_OK)
        return sg_err_set(err, SG_CONFIG, "%s: type: %s", path, why.msg);
    SG_TRY(check_keys(request, path, err));
    SG_TRY(check_source(request, path, err));
    *ret = SG_TAKE(request);
    return SG_OK;
}
