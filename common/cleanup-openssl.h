/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_COMMON_CLEANUP_OPENSSL_H
#define SG_COMMON_CLEANUP_OPENSSL_H

/* SG_CLEANUP for OpenSSL's types, defined once. */

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "common/macros.h"

SG_DEFINE_CLEANUP(EVP_PKEY, EVP_PKEY_free);
SG_DEFINE_CLEANUP(EVP_PKEY_CTX, EVP_PKEY_CTX_free);
SG_DEFINE_CLEANUP(EVP_MD_CTX, EVP_MD_CTX_free);
SG_DEFINE_CLEANUP(BIGNUM, BN_free);
SG_DEFINE_CLEANUP(X509, X509_free);

#endif
