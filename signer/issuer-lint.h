/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_ISSUER_LINT_H
#define SG_SIGNER_ISSUER_LINT_H

/* An issuer held against the rules of a day: rules have dates, so one that was
 * right when it was made may be wrong now. Thread-safe. */

#include "signer/prepare.h"

/* SG_POLICY names the first finding at level error and the certificate of the
 * chain it is about. Lesser findings go to the log when say_more. */
enum sg_rc srv_issuer_lint(const struct srv_issuer *issuer, int64_t now,
                           bool say_more, struct sg_err *err);

#endif
