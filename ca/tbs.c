/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/tbs.h"

/* [0] { INTEGER 2 } */
static const uint8_t VERSION3[] = { 0xa0, 0x03, 0x02, 0x01, 0x02 };

void ca_tbs_head(struct sg_derw *w, struct sg_slice serial, enum ca_sigalg alg)
{
    sg_derw_raw(w, SG_SLICE(VERSION3, sizeof VERSION3));
    sg_derw_tlv(w, SG_DER_INTEGER, serial);
    sg_derw_raw(w, ca_sigalg_der(alg));
}

void ca_tbs_validity(struct sg_derw *w, struct ca_period period)
{
    size_t seq = sg_derw_begin(w, SG_DER_SEQUENCE);

    sg_derw_time(w, period.not_before);
    sg_derw_time(w, period.not_after);
    sg_derw_end(w, seq);
}
