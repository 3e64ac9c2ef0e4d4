/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <qrencode.h>

#include "ceremony/html.h"

#define QUIET 4 /* modules of white around the code (ISO/IEC 18004 9.1) */

/* NOLINTNEXTLINE(readability-identifier-naming): libqrencode's name */
static inline void QRcode_free_cleanup(QRcode **code)
{
    if (*code != NULL)
        QRcode_free(*code);
}

/* One path, a rectangle for each run of dark modules. */
static void put_rows(struct cer_html *w, const QRcode *code)
{
    for (int y = 0; y < code->width; y++) {
        const unsigned char *row = code->data + (size_t)y * (size_t)code->width;
        for (int x = 0; x < code->width; x++) {
            int run = 0;
            while (x + run < code->width && (row[x + run] & 1) != 0)
                run++;
            if (run > 0)
                cer_html_rawf(w, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, run,
                              run);
            x += run;
        }
    }
}

void cer_html_qr(struct cer_html *w, struct sg_slice bytes)
{
    if (bytes.len == 0 || bytes.len > CER_QR_MAX) {
        (void)sg_err_set(&w->err, SG_LIMIT,
                         "QR code of %zu bytes, must be 1 to %d", bytes.len,
                         CER_QR_MAX);
        return;
    }
    SG_CLEANUP(QRcode_free)
    QRcode *code = QRcode_encodeData((int)bytes.len, bytes.p, 0, QR_ECLEVEL_M);
    if (code == NULL) {
        (void)sg_err_errno(&w->err, SG_NOMEM, "QR code");
        return;
    }
    int size = code->width + 2 * QUIET;
    cer_html_rawf(w,
                  "<svg class=\"qr\" viewBox=\"0 0 %d %d\" "
                  "shape-rendering=\"crispEdges\">"
                  "<path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path d=\"",
                  size, size, size, size);
    put_rows(w, code);
    cer_html_raw(w, "\"/></svg>");
}
