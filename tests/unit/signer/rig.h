/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_TESTS_UNIT_SIGNER_RIG_H
#define SG_TESTS_UNIT_SIGNER_RIG_H

/* What the tests of roles and requests share: configurations with one role,
 * an issuer whose key is in this process, and requests against them. */

#include "tests/lib/t.h"

#include "signer/prepare.h"
#include "signer/role.h"
#include "tests/unit/ca/kit.h"

/* A configuration with this text as its role's fields (YAML flow style: "ttl:
 * 1h, ou: [a]"). top is put in front of it, "" or more keys. */
enum sg_rc rig_config(const char *top, const char *role,
                      struct srv_config **ret_cfg, struct sg_err *err);
/* The one role of such a configuration; fails the test when it is refused. */
const struct srv_role *rig_role(const char *role);

/* Root and intermediate in memory; the intermediate permits example.com and
 * excludes secret.example.com, and all addresses. */
struct rig_issuer {
    struct kit_key root_key, key;
    struct sg_buf root, cert;
    struct srv_issuer issuer;
};
void rig_issuer_new(struct rig_issuer *rig, enum ca_key_kind kind);
void rig_issuer_done(struct rig_issuer *rig);

/* One request. rc, err and job are what srv_prepare() gave. */
struct rig_request {
    struct sg_arena arena;
    struct sg_err err;
    enum sg_rc rc;
    struct srv_job job;
};
void rig_prepare(struct rig_request *req, enum srv_operation op,
                 const struct srv_issuer *issuer, const char *role,
                 const char *body);
void rig_request_done(struct rig_request *req);

/* A CSR in PEM with its line ends escaped for JSON; "openssl req" makes it.
 * subject is "/CN=…"; ext NULL or an -addext argument. */
const char *rig_csr(const char *newkey, const char *subject, const char *ext);

/* Forget roles and texts that were handed out. */
void rig_cleanup(void);

#endif
