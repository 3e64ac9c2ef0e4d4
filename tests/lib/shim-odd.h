/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_TESTS_LIB_SHIM_ODD_H
#define SG_TESTS_LIB_SHIM_ODD_H

/* How other modules than SoftHSM behave: see enum shim_odd. Each call gets the
 * real module's function list and does what the real one would not. */

#include <p11-kit/pkcs11.h>

#include "tests/lib/shim-p11.h"

struct shim_odd_on {
    CK_FUNCTION_LIST_PTR real;
    const struct shim_control *control;
};

CK_RV shim_odd_initialize(const struct shim_odd_on *on, void *args);
void shim_odd_token_info(const struct shim_odd_on *on, CK_TOKEN_INFO *info);
CK_RV shim_odd_login(const struct shim_odd_on *on, CK_SESSION_HANDLE ses,
                     CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG len);
CK_RV shim_odd_attributes(const struct shim_odd_on *on, CK_SESSION_HANDLE ses,
                          CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR attrs,
                          CK_ULONG n);
CK_RV shim_odd_sign_init(const struct shim_odd_on *on, CK_SESSION_HANDLE ses,
                         CK_MECHANISM_PTR mech, CK_OBJECT_HANDLE key);
CK_RV shim_odd_sign(const struct shim_odd_on *on, CK_SESSION_HANDLE ses,
                    CK_BYTE_PTR data, CK_ULONG len, CK_BYTE_PTR sig,
                    CK_ULONG_PTR sig_len);

/* The arguments of C_GenerateKeyPair. */
struct shim_odd_pair {
    CK_MECHANISM_PTR mech;
    CK_ATTRIBUTE_PTR pub, priv;
    CK_ULONG n_pub, n_priv;
    CK_OBJECT_HANDLE_PTR ret_pub, ret_priv;
};
CK_RV shim_odd_generate(const struct shim_odd_on *on, CK_SESSION_HANDLE ses,
                        struct shim_odd_pair pair);

#endif
