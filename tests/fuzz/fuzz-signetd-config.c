/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include "signer/role.h"

/* signetd's configuration file. One that loads must have roles that build. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sg_err err = { 0 };
    struct srv_config *cfg = NULL;
    struct srv_roles *roles = NULL;
    if (srv_config_parse(SG_SLICE(data, size), "fuzz", &cfg, &err) != SG_OK) {
        FUZZ_HOLDS(err.rc == SG_CONFIG || err.rc == SG_NOMEM);
        return 0;
    }
    FUZZ_HOLDS(srv_roles_new(cfg, &roles, &err) == SG_OK || err.rc == SG_NOMEM);
    srv_roles_unref(roles);
    srv_config_free(cfg);
    return 0;
}
