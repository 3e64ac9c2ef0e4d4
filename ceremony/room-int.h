/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_ROOM_INT_H
#define SG_CEREMONY_ROOM_INT_H

/* What the files that show plans share. Inside ceremony/ only. */

#include "ceremony/plan-int.h"
#include "ceremony/room.h"

/* One member of what a TBS says; objects inside are left to the caller. */
void cer_say_member(const struct cer_room *room, const char *key,
                    json_object *value, unsigned indent);

/* A plan of type crl: what was published before it, and each of its CRLs. */
void cer_say_past(const struct cer_room *room, const struct cer_plan *plan);
enum sg_rc cer_say_package(const struct cer_room *room,
                           const struct cer_plan *plan, struct sg_err *err);

#endif
