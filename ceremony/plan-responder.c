/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/leaf.h"
#include "ca/ocsp-responder.h"
#include "ceremony/plan-build.h"

enum sg_rc cer_build_responder(struct cer_build *build, struct sg_err *err)
{
    uint8_t serial[CA_SERIAL_LEN];
    struct cer_applicant applicant = { 0 };
    struct cer_period period = { 0 };
    struct ca_ocsp_responder_args args = { .issuer = build->issuer,
                                           .alg = build->plan->alg };

    SG_TRY(cer_build_applicant(build, &applicant, err));
    SG_TRY(cer_check_certified(build, &applicant.spki, err));
    SG_TRY(cer_value_validity(build->request->validity, &period, err));
    SG_TRY(ca_serial_new(serial, err));
    args.serial = SG_SLICE(serial, sizeof(serial));
    args.subject = applicant.subject;
    args.spki = &applicant.spki;
    args.not_before = period.not_before;
    args.not_after = period.not_after;
    return ca_ocsp_responder_tbs(&args, &build->tbs, err);
}
