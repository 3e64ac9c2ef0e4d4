/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/crl.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "pkcs11/frame.h"

/* Last octets of id-ce. */
enum {
    CE_CRL_NUMBER = 20,
    CE_REASON = 21,
    CE_ISSUING_POINT = 28,
    CE_CERTIFICATE_ISSUER = 29,
    CE_AKI = 35
};

static enum sg_rc refuse_critical(struct sg_slice oid, struct sg_err *err)
{
    char text[SG_OID_TEXT_MAX];

    return tok_refuse(err, EXTENSION,
                      "guard: CRL with the critical extension %s, which is not "
                      "known here (RFC 5280 5.2)",
                      sg_oid_to_text(oid, text));
}

/* --- entries (RFC 5280 5.3) ------------------------------------------------ */

static enum sg_rc read_entry_extensions(struct sg_der *in, struct sg_err *err)
{
    struct tok_exts list;
    struct tok_ext ext;

    SG_TRY(tok_exts_enter(in, &list, err));
    do {
        SG_TRY(tok_exts_next(&list, &ext, err));
        int arc = tok_ext_ce(ext.oid);
        if (arc == CE_CERTIFICATE_ISSUER)
            return tok_refuse(err, CRL,
                              "guard: CRL entry of another issuer (RFC 5280 "
                              "5.3.3)");
        if (ext.critical && arc != CE_REASON)
            return refuse_critical(ext.oid, err);
    } while (tok_exts_more(&list));
    return SG_OK;
}

static enum sg_rc read_entry(struct sg_der *list, struct sg_err *err)
{
    struct sg_der entry;
    int64_t date;

    SG_TRY(sg_der_enter(list, SG_DER_SEQUENCE, &entry, err));
    SG_TRY(tok_der_serial(&entry, err));
    SG_TRY(sg_der_time(&entry, &date, err));
    if (sg_der_more(&entry))
        SG_TRY(read_entry_extensions(&entry, err));
    return sg_der_end(&entry, err);
}

static enum sg_rc read_entries(struct sg_der *in, size_t *ret_n,
                               struct sg_err *err)
{
    struct sg_der list;

    SG_TRY(sg_der_enter(in, SG_DER_SEQUENCE, &list, err));
    if (!sg_der_more(&list))
        return tok_refuse(err, FORMAT,
                          "guard: CRL with an empty list of entries, which "
                          "must be left out then (RFC 5280 5.1.2.6)");
    while (sg_der_more(&list)) {
        SG_TRY(read_entry(&list, err));
        (*ret_n)++;
    }
    return SG_OK;
}

/* --- extensions (RFC 5280 5.2) --------------------------------------------- */

/* IssuingDistributionPoint: anything but an indirect CRL. */
static enum sg_rc read_point(struct sg_der *in, struct sg_err *err)
{
    struct sg_der seq;
    struct sg_der_tlv tlv;

    SG_TRY(sg_der_enter(in, SG_DER_SEQUENCE, &seq, err));
    while (sg_der_more(&seq)) {
        SG_TRY(sg_der_any(&seq, &tlv, err));
        if (tlv.tag == SG_DER_CONTEXT(4))
            return tok_refuse(err, CRL, "guard: indirect CRL (RFC 5280 5.2.5)");
    }
    return SG_OK;
}

static enum sg_rc read_extension(const struct tok_ext *ext, struct tok_crl *crl,
                                 struct sg_err *err)
{
    struct sg_der in;
    struct sg_slice number;

    sg_der_init(&in, ext->value, "crl extension");
    switch (tok_ext_ce(ext->oid)) {
    case CE_CRL_NUMBER:
        SG_TRY(sg_der_integer(&in, &number, err));
        if ((number.p[0] & 0x80) != 0 || number.len > TOK_TBS_SERIAL_MAX)
            return tok_refuse(err, CRL,
                              "guard: CRL number is negative or longer than "
                              "%d octets (RFC 5280 5.2.3)",
                              TOK_TBS_SERIAL_MAX);
        crl->has_number = true;
        return sg_der_end(&in, err);
    case CE_ISSUING_POINT:
        SG_TRY(read_point(&in, err));
        return sg_der_end(&in, err);
    case CE_AKI:
        SG_TRY(tok_ext_aki(&in, &crl->aki, err));
        return sg_der_end(&in, err);
    default:
        return ext->critical ? refuse_critical(ext->oid, err) : SG_OK;
    }
}

static enum sg_rc read_extensions(struct sg_der *in, struct tok_crl *crl,
                                  struct sg_err *err)
{
    struct sg_der wrap;
    struct tok_exts list;
    struct tok_ext ext;

    SG_TRY(sg_der_enter(in, SG_DER_CONTEXT_CONSTRUCTED(0), &wrap, err));
    SG_TRY(tok_exts_enter(&wrap, &list, err));
    SG_TRY(sg_der_end(&wrap, err));
    do {
        SG_TRY(tok_exts_next(&list, &ext, err));
        SG_TRY(read_extension(&ext, crl, err));
    } while (tok_exts_more(&list));
    return SG_OK;
}

/* --- TBSCertList ----------------------------------------------------------- */

static bool is_time(const struct sg_der *in)
{
    return sg_der_next_is(in, SG_DER_UTC_TIME)
           || sg_der_next_is(in, SG_DER_GENERALIZED_TIME);
}

static enum sg_rc read_head(struct sg_der *seq, struct tok_crl *crl,
                            struct sg_err *err)
{
    uint64_t version = 0;

    if (sg_der_next_is(seq, SG_DER_INTEGER))
        SG_TRY(sg_der_uint(seq, &version, err));
    if (version != 1)
        return tok_refuse(err, FORMAT,
                          "guard: CRL version is not v2 (RFC 5280 5.1.2.1)");
    SG_TRY(tok_der_whole(seq, &crl->algorithm, err));
    SG_TRY(tok_der_whole(seq, &crl->issuer, err));
    SG_TRY(sg_der_time(seq, &crl->this_update, err));
    if (!is_time(seq))
        return tok_refuse(err, CRL,
                          "guard: CRL without nextUpdate (RFC 5280 5.1.2.5)");
    return sg_der_time(seq, &crl->next_update, err);
}

enum sg_rc tok_crl_parse(struct sg_slice der, struct tok_crl *ret,
                         struct sg_err *err)
{
    struct tok_crl crl = { 0 };
    struct sg_der in;
    struct sg_der seq;

    SG_TRY(
        sg_der_check(der, "crl", TOK_TBS_DEPTH_MAX, TOK_CRL_ELEMENTS_MAX, err));
    sg_der_init(&in, der, "crl");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &seq, err));
    SG_TRY(read_head(&seq, &crl, err));
    if (sg_der_next_is(&seq, SG_DER_SEQUENCE))
        SG_TRY(read_entries(&seq, &crl.n_revoked, err));
    if (sg_der_more(&seq))
        SG_TRY(read_extensions(&seq, &crl, err));
    SG_TRY(sg_der_end(&seq, err));
    *ret = crl;
    return SG_OK;
}

/* --- descriptors ----------------------------------------------------------- */

enum sg_rc tok_crl_file_map(int fd, struct tok_crl_file *ret,
                            struct sg_err *err)
{
    const int sealed = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK;
    struct stat st;

    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & sealed) != sealed)
        return tok_refuse(err, FORMAT,
                          "guard: the descriptor is no memfd that is sealed "
                          "against writing, growing and shrinking");
    if (fstat(fd, &st) != 0)
        return sg_err_errno(err, SG_IO, "descriptor");
    if (st.st_size <= 0 || st.st_size > TOK_CRL_MAX)
        return sg_err_native(err, SG_LIMIT, SG_SRC_NONE, TOK_REFUSED_FORMAT,
                             "guard: CRL of %lld bytes in the descriptor, "
                             "must have 1 to %u",
                             (long long)st.st_size, TOK_CRL_MAX);
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return sg_err_errno(err, SG_NOMEM, "crl of %lld bytes",
                            (long long)st.st_size);
    *ret = (struct tok_crl_file){ p, (size_t)st.st_size };
    return SG_OK;
}

void tok_crl_file_done(struct tok_crl_file *file)
{
    if (file->p != NULL)
        (void)munmap(file->p, file->len);
    *file = (struct tok_crl_file){ 0 };
}
