/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_CKR_H
#define SG_PKCS11_HELPER_CKR_H

/* Every CK_RV: its name, our code for it, and what may cure it. Pure. */

#include <p11-kit/pkcs11.h>

#include "common/err.h"

/* Where on the failure ladder (DESIGN 6) a CK_RV puts us. */
enum tok_cure {
    TOK_CURE_NONE,    /* asking again gives the same answer */
    TOK_CURE_SESSION, /* a new session, keys found again */
    TOK_CURE_LOGIN,   /* all sessions closed, a new login */
    TOK_CURE_MODULE,  /* C_Finalize, C_Initialize */
    TOK_CURE_PROCESS  /* only a new process */
};

/* "CKR_PIN_INCORRECT", "CKR_VENDOR_DEFINED", "CKR_?" for a number nobody
 * named. */
const char *tok_ckr_name(CK_RV rv);
enum tok_cure tok_ckr_cure(CK_RV rv);

/* Record a failed call: "C_Login: CKR_PIN_INCORRECT: the PIN is wrong".
 * Returns the code. rv must not be CKR_OK. */
#define tok_err_ckr(err, rv, call) \
    sg_rc_failed(tok_err_fill_ckr((err), (rv), (call), SG_HERE))
enum sg_rc tok_err_fill_ckr(struct sg_err *err, CK_RV rv, const char *call,
                            const char *where);

#endif
