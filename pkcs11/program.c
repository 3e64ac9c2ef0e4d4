/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/macros.h"

#define INSTALLED "/usr/libexec/signet/signet-token"

const char *tok_program_find(char *dst, size_t size)
{
    static const char *const beside[] = { "signet-token",
                                          "../pkcs11/helper/signet-token",
                                          "../libexec/signet/signet-token" };
    char *self = realpath("/proc/self/exe", NULL);
    int folder = self != NULL ? (int)(strrchr(self, '/') - self) : 0;

    for (size_t i = 0; self != NULL && i < SG_ARRAY_LEN(beside); i++) {
        int n = snprintf(dst, size, "%.*s/%s", folder, self, beside[i]);
        if (n > 0 && (size_t)n < size && access(dst, X_OK) == 0) {
            free(self);
            return dst;
        }
    }
    free(self);
    (void)snprintf(dst, size, "%s", INSTALLED);
    return dst;
}
