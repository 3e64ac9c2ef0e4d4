/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/keytype.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/parse.h"

static const char *const KEY_TYPE_NAMES[] = {
    [TOK_KEY_EC_P256] = "ec-p256",   [TOK_KEY_EC_P384] = "ec-p384",
    [TOK_KEY_EC_P521] = "ec-p521",   [TOK_KEY_RSA_2048] = "rsa-2048",
    [TOK_KEY_RSA_3072] = "rsa-3072", [TOK_KEY_RSA_4096] = "rsa-4096",
    [TOK_KEY_ED25519] = "ed25519",
};

static const char *const PURPOSE_NAMES[] = {
    [TOK_PURPOSE_CA] = "ca",
    [TOK_PURPOSE_OCSP] = "ocsp",
    [TOK_PURPOSE_BACKEND] = "backend",
    [TOK_PURPOSE_PROBE] = "probe",
};

/* Index of text in names, 0 (the unset value) when it is not there. */
static size_t name_find(const char *const *names, size_t n, const char *text)
{
    for (size_t i = 1; i < n; i++)
        if (strcmp(names[i], text) == 0)
            return i;
    return 0;
}

const char *tok_key_type_name(enum tok_key_type type)
{
    if (type == TOK_KEY_UNSET || (size_t)type >= SG_ARRAY_LEN(KEY_TYPE_NAMES))
        return "?";
    return KEY_TYPE_NAMES[type];
}

enum sg_rc tok_key_type_parse(const char *text, enum tok_key_type *ret,
                              struct sg_err *err)
{
    size_t i = name_find(KEY_TYPE_NAMES, SG_ARRAY_LEN(KEY_TYPE_NAMES), text);
    if (i == 0) {
        char quoted[SG_LOG_VALUE_MAX];
        return sg_err_set(err, SG_USAGE,
                          "key type %s is unknown: use ec-p256, ec-p384, "
                          "ec-p521, rsa-2048, rsa-3072, rsa-4096 or ed25519",
                          sg_log_quote(text, quoted, 80));
    }
    *ret = (enum tok_key_type)i;
    return SG_OK;
}

const char *tok_purpose_name(enum tok_purpose purpose)
{
    if (purpose == TOK_PURPOSE_UNSET
        || (size_t)purpose >= SG_ARRAY_LEN(PURPOSE_NAMES))
        return "?";
    return PURPOSE_NAMES[purpose];
}

enum sg_rc tok_purpose_parse(const char *text, enum tok_purpose *ret,
                             struct sg_err *err)
{
    size_t i = name_find(PURPOSE_NAMES, SG_ARRAY_LEN(PURPOSE_NAMES), text);
    if (i == 0) {
        char quoted[SG_LOG_VALUE_MAX];
        return sg_err_set(
            err, SG_USAGE,
            "purpose %s is unknown: use ca, ocsp, backend or probe",
            sg_log_quote(text, quoted, 80));
    }
    *ret = (enum tok_purpose)i;
    return SG_OK;
}

const char *tok_refused_name(enum tok_refused why)
{
    static const char *const names[] = {
#define X(name, text) [TOK_REFUSED_##name] = (text),
        TOK_REFUSED_TABLE(X)
#undef X
    };

    return (size_t)why < SG_ARRAY_LEN(names) ? names[why] : "?";
}

/* Words that YAML takes for "no value": neither a configuration nor a guard
 * could name such a key. */
static const char *const NO_VALUE[] = { "~", "null", "Null", "NULL" };

enum sg_rc tok_label_check(const char *label, struct sg_err *err)
{
    size_t len = strnlen(label, TOK_LABEL_MAX);
    if (len == 0)
        return sg_err_set(err, SG_USAGE, "label is empty");
    if (len == TOK_LABEL_MAX)
        return sg_err_set(err, SG_USAGE, "label is longer than %d bytes",
                          TOK_LABEL_MAX - 1);
    if (!sg_is_utf8(sg_slice_str(label)))
        return sg_err_set(err, SG_USAGE, "label is not UTF-8");
    for (size_t i = 0; i < SG_ARRAY_LEN(NO_VALUE); i++)
        if (strcmp(label, NO_VALUE[i]) == 0)
            return sg_err_set(err, SG_USAGE,
                              "label %s means \"no value\" in YAML files: "
                              "choose another one",
                              label);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)label[i] < 0x20 || label[i] == 0x7f)
            return sg_err_set(err, SG_USAGE,
                              "label has a control character at byte %zu", i);
    return SG_OK;
}

/* Each attribute: its name, and the fault when a CA key has or lacks it.
 * Rows are in the order in which faults are told. */
static const struct {
    enum tok_key_attr bit;
    const char *name;
    const char *fault_set;
    const char *fault_clear;
} ATTRS[] = {
    { TOK_ATTR_SENSITIVE, "sensitive", NULL, "the key is not sensitive" },
    { TOK_ATTR_EXTRACTABLE, "extractable", "the key is extractable", NULL },
    { TOK_ATTR_ALWAYS_SENSITIVE, "always-sensitive", NULL,
      "the key was not always sensitive" },
    { TOK_ATTR_NEVER_EXTRACTABLE, "never-extractable", NULL,
      "the key was extractable once" },
    { TOK_ATTR_LOCAL, "local", NULL, "the key was not made in the token" },
    { TOK_ATTR_PRIVATE, "private", NULL, "the key is usable without login" },
    { TOK_ATTR_SIGN, "sign", NULL, "the key may not sign" },
    { TOK_ATTR_DECRYPT, "decrypt", "the key may also decrypt", NULL },
    { TOK_ATTR_UNWRAP, "unwrap", "the key may also unwrap", NULL },
    { TOK_ATTR_DERIVE, "derive", "the key may also derive", NULL },
    { TOK_ATTR_SIGN_RECOVER, "sign-recover", "the key may also sign-recover",
      NULL },
    { TOK_ATTR_MODIFIABLE, "modifiable", NULL, NULL },
    { TOK_ATTR_ALWAYS_AUTHENTICATE, "always-authenticate", NULL, NULL },
};

const char *tok_attrs_text(uint32_t attrs, char *dst, size_t size)
{
    size_t used = 0;

    assert(size > 0);
    dst[0] = '\0';
    for (size_t i = 0; i < SG_ARRAY_LEN(ATTRS); i++) {
        if ((attrs & ATTRS[i].bit) == 0)
            continue;
        int n = snprintf(dst + used, size - used, "%s%s", used > 0 ? ", " : "",
                         ATTRS[i].name);
        if (n < 0 || (size_t)n >= size - used)
            break;
        used += (size_t)n;
    }
    return dst;
}

bool tok_attrs_parse(const char *text, uint32_t *ret)
{
    uint32_t attrs = 0;

    for (size_t i = 0; i < SG_ARRAY_LEN(ATTRS); i++) {
        size_t comma = attrs != 0 && strncmp(text, ", ", 2) == 0 ? 2 : 0;
        size_t len = comma + strlen(ATTRS[i].name);
        if (strncmp(text + comma, ATTRS[i].name, len - comma) != 0
            || (text[len] != ',' && text[len] != '\0'))
            continue;
        attrs |= ATTRS[i].bit;
        text += len;
    }
    if (*text != '\0')
        return false;
    *ret = attrs;
    return true;
}

const char *tok_attrs_fault(uint32_t attrs, bool known_local)
{
    if (known_local)
        attrs |= TOK_ATTR_LOCAL;
    for (size_t i = 0; i < SG_ARRAY_LEN(ATTRS); i++) {
        const char *fault = (attrs & ATTRS[i].bit) != 0 ? ATTRS[i].fault_set
                                                        : ATTRS[i].fault_clear;
        if (fault != NULL)
            return fault;
    }
    return NULL;
}
