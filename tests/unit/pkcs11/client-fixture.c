/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/pkcs11/client-fixture.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "common/log.h"

#define TIMEOUT_MS 500

static const char *g_program;

void fake_program(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FAKE-TOKEN\n", argv[0]);
        exit(2);
    }
    g_program = argv[1];
    sg_log_set_level(SG_LOG_ERR);
}

static unsigned count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned n = 0;

    assert_non_null(dir);
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

int fake_setup(void **state)
{
    struct fake *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    f->fds = count_fds();
    t_dir_new(f->dir);
    f->cfg = (struct tok_client_config){
        .name = "t",
        .program = g_program,
        .guard_dir = f->dir,
        .request_timeout_ms = TIMEOUT_MS,
    };
    fake_behave(f, "good");
    *state = f;
    return 0;
}

int fake_teardown(void **state)
{
    struct fake *f = *state;

    tok_client_free(f->client);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    assert_int_equal(count_fds(), f->fds);
    t_dir_remove(f->dir);
    free(f);
    return 0;
}

void fake_behave(struct fake *f, const char *behaviour)
{
    snprintf(f->module, sizeof(f->module), "/fake/%s", behaviour);
    f->cfg.module = f->module;
}

void fake_start(struct fake *f, const char *behaviour)
{
    struct tok_key_open want = { .label = "ca" };

    fake_behave(f, behaviour);
    OK(f, tok_client_start(&f->cfg, &f->client, &f->err));
    OK(f, tok_client_key(f->client, &want, &f->key, &f->err));
}

unsigned fake_starts(const struct fake *f)
{
    char path[T_PATH_MAX + 16];
    struct stat st;

    snprintf(path, sizeof(path), "%s/starts", f->dir);
    return stat(path, &st) == 0 ? (unsigned)st.st_size : 0;
}

enum tok_state fake_state(struct fake *f, struct tok_health *ret)
{
    tok_client_health(f->client, ret);
    return ret->state;
}

void fake_await(struct fake *f, enum tok_state state, unsigned ms)
{
    int64_t end = sg_mono_ms() + ms;
    struct tok_health health;

    while (fake_state(f, &health) != state && sg_mono_ms() < end)
        sg_sleep_ms(2);
    assert_string_equal(tok_state_name(health.state), tok_state_name(state));
}

static void on_signed(void *arg, const struct tok_sign_reply *reply)
{
    struct fake_asked *a = arg;

    a->answered_ms = sg_mono_ms();
    if (reply->failure != NULL) {
        a->rc = reply->failure->rc;
        memcpy(a->msg, reply->failure->msg, sizeof(a->msg));
    } else {
        a->rc = SG_OK;
        a->right =
            sg_slice_eq(reply->signature, SG_SLICE(a->tbs, sizeof(a->tbs)));
    }
    a->answers++;
}

enum sg_rc fake_ask(struct fake *f, struct fake_asked *asked, unsigned number,
                    size_t len)
{
    static uint8_t tbs[TOK_TBS_MAX];
    static const uint8_t ALGORITHM[] = { 0x30, 0 };

    assert_in_range(len, sizeof(asked->tbs), sizeof(tbs));
    memset(tbs, 0, len);
    memset(asked, 0, sizeof(*asked));
    snprintf((char *)tbs + len - sizeof(asked->tbs), sizeof(asked->tbs),
             "request %u", number);
    memcpy(asked->tbs, tbs + len - sizeof(asked->tbs), sizeof(asked->tbs));
    asked->asked_ms = sg_mono_ms();
    return tok_sign_cert_async(f->key, SG_SLICE(ALGORITHM, sizeof(ALGORITHM)),
                               SG_SLICE(tbs, len), on_signed, asked, &f->err);
}

void fake_wait(struct fake_asked *asked, unsigned n, unsigned ms)
{
    int64_t end = sg_mono_ms() + ms;

    for (unsigned i = 0; i < n; i++) {
        while (asked[i].answers == 0) {
            if (sg_mono_ms() > end)
                fail_msg("request %u: no answer in %u ms", i, ms);
            sg_sleep_ms(1);
        }
    }
}
