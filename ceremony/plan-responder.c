/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/leaf.h"
#include "ca/ocsp-responder.h"
#include "ceremony/plan-build.h"

/* Key and subject of the responder that there is. */
static enum sg_rc set_existing(struct cer_build *build,
                               struct ca_ocsp_responder_args *args,
                               struct sg_err *err)
{
    struct ca_cert *existing = NULL;
    char name[CER_NAME_TEXT_MAX / 8];

    SG_TRY(cer_input_certificate(build, "certificate",
                                 build->request->certificate, &existing, err));
    if (!sg_slice_eq(existing->issuer, ca_issuer_cert(build->issuer)->subject))
        cer_build_warn(build,
                       "certificate: was issued by \"%s\", not by the issuer "
                       "of this plan",
                       ca_dn_text(existing->issuer, name, sizeof(name)));
    args->existing = existing;
    return SG_OK;
}

enum sg_rc cer_build_responder(struct cer_build *build, struct sg_err *err)
{
    uint8_t serial[CA_SERIAL_LEN];
    struct cer_applicant applicant = { 0 };
    struct cer_period period = { 0 };
    struct ca_ocsp_responder_args args = { .issuer = build->issuer,
                                           .alg = build->plan->alg };

    if (build->request->certificate != NULL) {
        SG_TRY(set_existing(build, &args, err));
    } else {
        SG_TRY(cer_build_applicant(build, &applicant, err));
        args.subject = applicant.subject;
        args.spki = &applicant.spki;
    }
    SG_TRY(cer_check_certified(
        build, args.existing != NULL ? &args.existing->spki : &applicant.spki,
        err));
    SG_TRY(cer_value_validity(build->request->validity, &period, err));
    SG_TRY(ca_serial_new(serial, err));
    args.serial = SG_SLICE(serial, sizeof(serial));
    args.not_before = period.not_before;
    args.not_after = period.not_after;
    return ca_ocsp_responder_tbs(&args, &build->tbs, err);
}
