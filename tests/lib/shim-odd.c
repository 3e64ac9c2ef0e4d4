/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/shim-odd.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

#define POINT_MAX 256
#define TEMPLATE_MAX 24

static bool is(const struct shim_odd_on *on, enum shim_odd odd)
{
    return (on->control->odd & odd) != 0;
}

/* --- start, token, login --------------------------------------------------- */

CK_RV shim_odd_initialize(const struct shim_odd_on *on, void *args)
{
    /* As NSS reads it: one pointer more than PKCS#11 has. */
    struct {
        CK_C_INITIALIZE_ARGS ck;
        void *reserved;
    } *in = args;

    if (!is(on, SHIM_ODD_INIT_ARGS))
        return on->real->C_Initialize(args);
    if (in == NULL || in->ck.pReserved == NULL || in->reserved != NULL
        || strcmp(in->ck.pReserved, SHIM_INIT_ARGS) != 0)
        return CKR_ARGUMENTS_BAD;
    CK_C_INITIALIZE_ARGS plain = { .flags = in->ck.flags };
    return on->real->C_Initialize(&plain);
}

static void pad_with_nuls(unsigned char *field, size_t len)
{
    while (len > 0 && field[len - 1] == ' ')
        field[--len] = '\0';
}

void shim_odd_token_info(const struct shim_odd_on *on, CK_TOKEN_INFO *info)
{
    if (is(on, SHIM_ODD_NUL_PADDING)) {
        pad_with_nuls(info->label, sizeof(info->label));
        pad_with_nuls(info->manufacturerID, sizeof(info->manufacturerID));
        pad_with_nuls(info->model, sizeof(info->model));
    }
    if (is(on, SHIM_ODD_NO_SERIAL))
        memset(info->serialNumber, ' ', sizeof(info->serialNumber));
    if (is(on, SHIM_ODD_ONE_SESSION))
        info->ulMaxSessionCount = 1;
    if (is(on, SHIM_ODD_PIN_PAD))
        info->flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
}

/* A key that wants a login of its own after C_SignInit still waits for it.
 * Each worker of signet-token has one session. */
static _Thread_local bool wants_login;

CK_RV shim_odd_login(const struct shim_odd_on *on, CK_SESSION_HANDLE ses,
                     CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG len)
{
    union {
        const char *in;
        CK_UTF8CHAR_PTR out;
    } right = { .in = on->control->pin };

    if (is(on, SHIM_ODD_PIN_PAD)) { /* typed in at the token */
        if (pin != NULL)
            return CKR_ARGUMENTS_BAD;
        pin = right.out;
        len = strlen(right.in);
    }
    if (user != CKU_CONTEXT_SPECIFIC)
        return on->real->C_Login(ses, user, pin, len);
    if (!wants_login)
        return CKR_OPERATION_NOT_INITIALIZED;
    if (len != strlen(right.in) || memcmp(pin, right.in, len) != 0)
        return CKR_PIN_INCORRECT;
    wants_login = false;
    return CKR_OK;
}

/* --- attributes ------------------------------------------------------------ */

/* CKA_EC_POINT without the OCTET STRING around it, or with an octet missing. */
static CK_RV point(const struct shim_odd_on *on, CK_SESSION_HANDLE ses,
                   CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR attr)
{
    unsigned char whole[POINT_MAX];
    CK_ATTRIBUTE real = { CKA_EC_POINT, whole, sizeof(whole) };
    CK_RV rv = on->real->C_GetAttributeValue(ses, object, &real, 1);

    if (rv != CKR_OK) {
        attr->ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return rv;
    }
    CK_ULONG skip = 0;
    if (is(on, SHIM_ODD_RAW_POINT))
        skip = whole[1] < 0x80 ? 2 : 3;
    CK_ULONG len = real.ulValueLen - skip;
    if (is(on, SHIM_ODD_SHORT_POINT))
        len--;
    if (attr->pValue != NULL && attr->ulValueLen < len)
        return CKR_BUFFER_TOO_SMALL;
    if (attr->pValue != NULL)
        memcpy(attr->pValue, whole + skip, len);
    attr->ulValueLen = len;
    return CKR_OK;
}

static void set_flag(CK_ATTRIBUTE_PTR attr, CK_ATTRIBUTE_TYPE type, bool value)
{
    if (attr->type != type || attr->ulValueLen == CK_UNAVAILABLE_INFORMATION)
        return;
    if (attr->pValue != NULL)
        *(CK_BBOOL *)attr->pValue = value ? CK_TRUE : CK_FALSE;
    attr->ulValueLen = sizeof(CK_BBOOL);
}

CK_RV shim_odd_attributes(const struct shim_odd_on *on, CK_SESSION_HANDLE ses,
                          CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR attrs,
                          CK_ULONG n)
{
    if (n == 1 && attrs->type == CKA_EC_POINT
        && (is(on, SHIM_ODD_RAW_POINT) || is(on, SHIM_ODD_SHORT_POINT)))
        return point(on, ses, object, attrs);
    CK_RV rv = on->real->C_GetAttributeValue(ses, object, attrs, n);
    for (CK_ULONG i = 0; i < n && rv == CKR_OK; i++) {
        if (is(on, SHIM_ODD_NOT_LOCAL))
            set_flag(&attrs[i], CKA_LOCAL, false);
        if (is(on, SHIM_ODD_FEW_FLAGS))
            set_flag(&attrs[i], CKA_SIGN_RECOVER, false);
        if (is(on, SHIM_ODD_PIN_PER_KEY))
            set_flag(&attrs[i], CKA_ALWAYS_AUTHENTICATE, true);
    }
    return rv;
}

/* --- making keys ----------------------------------------------------------- */

static bool has(const CK_ATTRIBUTE *attrs, CK_ULONG n, CK_ATTRIBUTE_TYPE type)
{
    for (CK_ULONG i = 0; i < n; i++)
        if (attrs[i].type == type)
            return true;
    return false;
}

/* What the token has against these templates. */
static CK_RV complain(const struct shim_odd_on *on,
                      const struct shim_odd_pair *p)
{
    if (is(on, SHIM_ODD_FEW_FLAGS)
        && (has(p->priv, p->n_priv, CKA_SIGN_RECOVER)
            || has(p->pub, p->n_pub, CKA_VERIFY_RECOVER)))
        return CKR_ATTRIBUTE_TYPE_INVALID;
    if (is(on, SHIM_ODD_VERIFY_IS_DECRYPT) && has(p->pub, p->n_pub, CKA_VERIFY)
        && has(p->priv, p->n_priv, CKA_DECRYPT))
        return CKR_GENERAL_ERROR;
    if ((is(on, SHIM_ODD_OWN_IDS) || is(on, SHIM_ODD_SAME_IDS))
        && (has(p->pub, p->n_pub, CKA_ID) || has(p->priv, p->n_priv, CKA_ID)))
        return CKR_ATTRIBUTE_VALUE_INVALID;
    return CKR_OK;
}

static CK_RV generate(const struct shim_odd_on *on, CK_SESSION_HANDLE ses,
                      struct shim_odd_pair p)
{
    return on->real->C_GenerateKeyPair(ses, p.mech, p.pub, p.n_pub, p.priv,
                                       p.n_priv, p.ret_pub, p.ret_priv);
}

CK_RV shim_odd_generate(const struct shim_odd_on *on, CK_SESSION_HANDLE ses,
                        struct shim_odd_pair p)
{
    static unsigned char next = 1;
    unsigned char id[2] = { 0x12, next };
    CK_ATTRIBUTE pub[TEMPLATE_MAX];
    CK_ATTRIBUTE priv[TEMPLATE_MAX];
    CK_RV rv = complain(on, &p);

    if (rv != CKR_OK || p.n_pub >= TEMPLATE_MAX || p.n_priv >= TEMPLATE_MAX)
        return rv;
    if (!is(on, SHIM_ODD_OWN_IDS) && !is(on, SHIM_ODD_SAME_IDS))
        return generate(on, ses, p);
    memcpy(pub, p.pub, p.n_pub * sizeof(*pub));
    memcpy(priv, p.priv, p.n_priv * sizeof(*priv));
    pub[p.n_pub++] = priv[p.n_priv++] =
        (CK_ATTRIBUTE){ CKA_ID, id, sizeof(id) };
    p.pub = pub;
    p.priv = priv;
    if (is(on, SHIM_ODD_OWN_IDS))
        next++;
    return generate(on, ses, p);
}

/* --- signing --------------------------------------------------------------- */

/* SoftHSM has no CKM_ECDSA_SHA*: the hash is made here. */
static _Thread_local const EVP_MD *pending_md;

static CK_RV token_hashes(CK_MECHANISM_PTR mech)
{
    static const struct {
        CK_MECHANISM_TYPE type;
        const EVP_MD *(*md)(void);
    } ours[] = { { CKM_ECDSA_SHA256, EVP_sha256 },
                 { CKM_ECDSA_SHA384, EVP_sha384 },
                 { CKM_ECDSA_SHA512, EVP_sha512 } };

    if (mech->mechanism == CKM_ECDSA || mech->mechanism == CKM_RSA_PKCS
        || mech->mechanism == CKM_RSA_PKCS_PSS)
        return CKR_MECHANISM_INVALID;
    for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
        if (ours[i].type == mech->mechanism) {
            pending_md = ours[i].md();
            mech->mechanism = CKM_ECDSA;
        }
    return CKR_OK;
}

CK_RV shim_odd_sign_init(const struct shim_odd_on *on, CK_SESSION_HANDLE ses,
                         CK_MECHANISM_PTR mech, CK_OBJECT_HANDLE key)
{
    CK_MECHANISM m = *mech;
    CK_RV rv = CKR_OK;

    pending_md = NULL;
    if (is(on, SHIM_ODD_TOKEN_HASHES))
        rv = token_hashes(&m);
    if (rv == CKR_OK)
        rv = on->real->C_SignInit(ses, &m, key);
    wants_login = rv == CKR_OK && is(on, SHIM_ODD_PIN_PER_KEY);
    return rv;
}

CK_RV shim_odd_sign(const struct shim_odd_on *on, CK_SESSION_HANDLE ses,
                    CK_BYTE_PTR data, CK_ULONG len, CK_BYTE_PTR sig,
                    CK_ULONG_PTR sig_len)
{
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned md_len = 0;

    if (wants_login)
        return CKR_USER_NOT_LOGGED_IN;
    if (pending_md != NULL) {
        if (EVP_Digest(data, len, md, &md_len, pending_md, NULL) != 1)
            return CKR_FUNCTION_FAILED;
        data = md;
        len = md_len;
    }
    return on->real->C_Sign(ses, data, len, sig, sig_len);
}
