/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_PACKAGE_H
#define SG_CEREMONY_PACKAGE_H

/* The CRLs of a plan as a ledger would have them: when to publish which. Inside
 * ceremony/ only. */

#include "ceremony/html.h"
#include "ceremony/ledger.h"
#include "ceremony/plan.h"

/* crl: what was signed, as many as the plan has; NULL for what is planned, whose
 * rows have no hash. Lives in the arena. */
enum sg_rc cer_package_rows(const struct cer_plan *plan,
                            const struct sg_slice *crl, struct sg_arena *arena,
                            struct cer_ledger *ret, struct sg_err *err);
/* The same as iCalendar, appended to out. */
enum sg_rc cer_package_calendar(const struct cer_plan *plan,
                                const struct sg_slice *crl, struct sg_buf *out,
                                struct sg_err *err);

/* For the page: what was published before, and when to publish what. Nothing
 * for other types. */
enum sg_rc cer_package_page(struct cer_html *w, const struct cer_plan *plan,
                            struct sg_err *err);

#endif
