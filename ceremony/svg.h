/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_SVG_H
#define SG_CEREMONY_SVG_H

/* The hierarchy as a picture: root first, below each certificate what it
 * signed, last the new object. Inside ceremony/ only. */

#include "ceremony/html.h"
#include "ceremony/plan.h"

/* An inline <svg>. content is the plan's "sign.content", NULL for a key. */
enum sg_rc cer_svg_hierarchy(struct cer_html *w, const struct cer_plan *plan,
                             json_object *content, struct sg_err *err);

#endif
