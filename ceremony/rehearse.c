/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/rehearse.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <openssl/rand.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ceremony/execute.h"
#include "ceremony/plan-int.h"
#include "ceremony/stand-in.h"
#include "common/file.h"
#include "common/parse.h"

#define PATH_BYTES 256
#define DIR_BYTES 192 /* leaves room for the names below it */
#define PIN_OCTETS 8
#define FDS_MAX 16
#define ARENA_MAX ((size_t)64 * 1024 * 1024) /* a large CRL, copied */
#define STAGE_VALIDITY TOK_VALIDITY_MAX /* the plan's rules bind, not ours */

/* Everything in the throw-away folder. */
struct stage {
    const struct cer_rehearse_args *args;
    char dir[PATH_BYTES];
    char guards[PATH_BYTES];
    char out[PATH_BYTES];
    char pin[PATH_BYTES]; /* "file:…" */
    struct sg_arena arena;
    struct tok_client *client;
    struct tok_client_config cfg;
    /* what the stand-in is bound to: as it was, and signed anew */
    struct sg_slice bound[CA_CHAIN_MAX], chain[CA_CHAIN_MAX];
};

/* --- the token ------------------------------------------------------------------ */

static enum sg_rc in_dir(const struct stage *s, const char *name,
                         char dst[PATH_BYTES], struct sg_err *err)
{
    int n = snprintf(dst, PATH_BYTES, "%.200s/%s", s->dir, name);

    if (n < 0 || n >= PATH_BYTES)
        return sg_err_set(err, SG_USAGE, "%s: path too long", s->dir);
    return SG_OK;
}

static enum sg_rc make_folder(const struct stage *s, const char *name,
                              char dst[PATH_BYTES], struct sg_err *err)
{
    SG_TRY(in_dir(s, name, dst, err));
    if (mkdir(dst, 0700) != 0)
        return sg_err_errno(err, SG_IO, "%s", dst);
    return SG_OK;
}

static enum sg_rc put_text(const char *path, const char *text,
                           struct sg_err *err)
{
    return sg_file_write(path, sg_slice_str(text), 0600, SG_FILE_NEW_ONLY, err);
}

static enum sg_rc make_pin(struct stage *s, struct sg_err *err)
{
    uint8_t random[PIN_OCTETS];
    char pin[2 * PIN_OCTETS + 1];
    char path[PATH_BYTES];

    if (RAND_priv_bytes(random, sizeof(random)) != 1)
        return sg_err_openssl(err, SG_CRYPTO, "PIN");
    (void)sg_hex(SG_SLICE(random, sizeof(random)), pin, sizeof(pin));
    SG_TRY(in_dir(s, "pin", path, err));
    (void)snprintf(s->pin, sizeof(s->pin), "file:%.240s", path);
    return put_text(path, pin, err);
}

/* SoftHSM reads this variable when signet-token loads it. */
static enum sg_rc configure_softhsm(const struct stage *s, struct sg_err *err)
{
    char path[PATH_BYTES];
    char tokens[PATH_BYTES];
    char text[2 * PATH_BYTES];

    SG_TRY(make_folder(s, "tokens", tokens, err));
    SG_TRY(in_dir(s, "softhsm2.conf", path, err));
    (void)snprintf(text, sizeof(text),
                   "directories.tokendir = %s\nobjectstore.backend = file\n"
                   "log.level = ERROR\nslots.removable = false\n",
                   tokens);
    SG_TRY(put_text(path, text, err));
    // NOLINTNEXTLINE(concurrency-mt-unsafe): this process has one thread
    if (setenv("SOFTHSM2_CONF", path, 1) != 0)
        return sg_err_errno(err, SG_NOMEM, "SOFTHSM2_CONF");
    return SG_OK;
}

/* The module is SoftHSM and sees nothing but our empty folder: a real token
 * must never be touched here. */
static enum sg_rc blank_slot(struct tok_client *client, uint64_t *ret_slot,
                             struct sg_err *err)
{
    struct tok_token_info *list = NULL;
    size_t n = 0;

    SG_TRY(tok_token_list(client, &list, &n, err));
    bool ours = n == 1 && !list[0].initialised
                && strstr(list[0].manufacturer, "SoftHSM") != NULL;
    if (ours)
        *ret_slot = list[0].slot_id;
    free(list);
    if (!ours)
        return sg_err_set(err, SG_CONFIG,
                          "the rehearsal's module is not a SoftHSM without "
                          "tokens: nothing was touched");
    return SG_OK;
}

static enum sg_rc make_token(struct stage *s, struct sg_err *err)
{
    const struct tok_client_config blank = {
        .name = "rehearsal",
        .program = s->args->program,
        .module = s->args->softhsm,
        .pin_source = s->pin,
        .so_pin_source = s->pin,
        .sessions = 1,
    };
    struct tok_token_init init = { 0 };
    struct tok_token_info info;
    SG_CLEANUP(tok_client_free) struct tok_client *client = NULL;

    (void)snprintf(init.label, sizeof(init.label), "%s",
                   s->args->plan->key.token_label);
    SG_TRY(tok_client_start(&blank, &client, err));
    SG_TRY(blank_slot(client, &init.slot_id, err));
    return tok_token_init(client, &init, &info, err);
}

static enum sg_rc log_in(struct stage *s, struct sg_err *err)
{
    /* One token is there: no label is needed, and none can be misread. */
    s->cfg = (struct tok_client_config){
        .name = "rehearsal",
        .program = s->args->program,
        .module = s->args->softhsm,
        .uri = "pkcs11:",
        .pin_source = s->pin,
        .guard_dir = s->guards,
        .sessions = 1,
    };
    return tok_client_start(&s->cfg, &s->client, err);
}

/* --- stand-ins ------------------------------------------------------------------ */

static enum sg_rc make_key(struct stage *s, struct tok_key **ret,
                           struct sg_err *err)
{
    const struct cer_key *key = &s->args->plan->key;
    struct tok_key_generate gen = {
        .type = key->type,
        .guard = { .purpose = TOK_PURPOSE_CA,
                   .may_sign_ca = true,
                   .max_validity = STAGE_VALIDITY },
    };
    if (s->args->guard != NULL) {
        gen.guard = *s->args->guard;
        gen.guard.bound = false;
    }
    struct tok_key_open want = { 0 };
    struct tok_key_info info;

    (void)snprintf(gen.label, sizeof(gen.label), "%s", key->label);
    memcpy(want.label, gen.label, sizeof(want.label));
    SG_TRY(tok_key_generate(s->client, &gen, &info, err));
    return tok_client_key(s->client, &want, ret, err);
}

/* Every old in bytes becomes new, which is as long. Returns how many. */
static unsigned exchange(uint8_t *bytes, size_t len, struct sg_slice old,
                         struct sg_slice new)
{
    unsigned n = 0;

    for (size_t at = 0; at + old.len <= len;) {
        uint8_t *hit = memmem(bytes + at, len - at, old.p, old.len);
        if (hit == NULL)
            break;
        memcpy(hit, new.p, new.len);
        at = (size_t)(hit - bytes) + old.len;
        n++;
    }
    return n;
}

/* A copy of der with another public key; with_ids: its SHA-1 identifiers too. */
static enum sg_rc with_key(struct stage *s, struct sg_slice der,
                           struct sg_slice new_spki, bool with_ids,
                           struct sg_slice *ret, struct sg_err *err)
{
    struct sg_slice old_spki = s->args->plan->key.spki;
    struct ca_spki old;
    struct ca_spki new;
    uint8_t old_id[20];
    uint8_t new_id[20];
    uint8_t *copy = sg_arena_alloc(&s->arena, der.len);

    if (copy == NULL)
        return sg_err_set(err, SG_NOMEM, "rehearsal");
    memcpy(copy, der.p, der.len);
    SG_TRY(ca_spki_parse(old_spki, &old, err));
    SG_TRY(ca_spki_parse(new_spki, &new, err));
    if (old_spki.len != new_spki.len)
        return sg_err_set(err, SG_POLICY,
                          "the rehearsal's key is written in %zu bytes, the "
                          "plan's in %zu: it cannot stand in",
                          new_spki.len, old_spki.len);
    if (exchange(copy, der.len, old_spki, new_spki) != 1)
        return sg_err_set(err, SG_FORMAT,
                          "the plan's key does not stand in it once");
    if (with_ids) {
        SG_TRY(ca_spki_key_id(&old, old_id, err));
        SG_TRY(ca_spki_key_id(&new, new_id, err));
        (void)exchange(copy, der.len, SG_SLICE(old_id, sizeof(old_id)),
                       SG_SLICE(new_id, sizeof(new_id)));
    }
    *ret = SG_SLICE(copy, der.len);
    return SG_OK;
}

/* Of the plan's own TBS: it has one. */
static enum sg_rc with_key_in_tbs(struct stage *s, struct sg_slice spki,
                                  struct cer_plan *plan, struct sg_err *err)
{
    struct cer_tbs *sign = sg_arena_new(&s->arena, struct cer_tbs);

    if (sign == NULL)
        return sg_err_set(err, SG_NOMEM, "rehearsal");
    SG_TRY(with_key(s, plan->sign[0].der, spki, true, &sign->der, err));
    plan->sign = sign;
    return cer_plan_hash(plan, err);
}

/* The certificates that the stand-in is bound to: the key's own, with the new
 * key, and those above it; without a known guard the plan's. */
static enum sg_rc bound_to(struct stage *s, const struct cer_plan *plan,
                           struct sg_slice spki, size_t *ret_n,
                           struct sg_err *err)
{
    const struct tok_guard *guard = s->args->guard;
    struct sg_der in;
    size_t n = 1;

    *ret_n = guard == NULL ? plan->n_chain : 0;
    memcpy(s->bound, plan->chain, *ret_n * sizeof(s->bound[0]));
    if (guard == NULL || !guard->bound)
        return SG_OK;
    SG_TRY(with_key(s, guard->issuer_cert, spki, plan->n_chain == 0,
                    &s->bound[0], err));
    sg_der_init(&in, guard->chain, "chain");
    while (sg_der_more(&in) && n < CA_CHAIN_MAX) {
        struct sg_der_tlv cert;

        SG_TRY(sg_der_any(&in, &cert, err));
        s->bound[n++] = cert.whole;
    }
    *ret_n = n;
    return SG_OK;
}

/* The plan, with the new key where its own would sign. */
static enum sg_rc stand_in(struct stage *s, struct cer_plan *plan,
                           struct sg_err *err)
{
    struct tok_key *key = NULL;
    size_t n = 0;

    plan->key.token_serial = NULL;
    if (plan->type == CER_TYPE_KEY)
        return SG_OK;
    SG_TRY(make_key(s, &key, err));
    const struct tok_key_info *info = tok_key_info(key);
    struct sg_slice spki = SG_SLICE(info->spki, info->spki_len);
    if (plan->n_chain == 0)
        SG_TRY(with_key_in_tbs(s, spki, plan, err));
    else
        SG_TRY(with_key(s, plan->chain[0], spki, false, &plan->chain[0], err));
    plan->key.spki = spki;
    SG_TRY(bound_to(s, plan, spki, &n, err));
    if (n == 0)
        return SG_OK;
    SG_TRY(cer_stand_in_chain(&s->arena, s->bound, n, s->chain, err));
    return tok_guard_bind_chain(key, s->chain[0], s->chain + 1, n - 1, err);
}

/* --- the rehearsal -------------------------------------------------------------- */

static enum sg_rc start(void *arg, struct tok_client **ret, struct sg_err *err)
{
    struct stage *s = arg;

    (void)err;
    *ret = s->client;
    return SG_OK;
}

static void say(void *arg, const char *text)
{
    const struct stage *s = arg;

    s->args->room->say(s->args->room->arg, text);
}

static enum sg_rc answer_itself(void *arg, const char *prompt, const char *word,
                                char answer[CER_ANSWER_MAX], struct sg_err *err)
{
    const struct stage *s = arg;

    (void)err;
    (void)snprintf(answer, CER_ANSWER_MAX, "%s", word);
    cer_say(s->args->room, "%s\n> %s   (answered by the rehearsal)\n", prompt,
            word);
    return SG_OK;
}

static void explain(const struct stage *s, const struct cer_plan *plan)
{
    const struct cer_room *room = s->args->room;

    cer_say(room, "\nREHEARSAL: nothing of this is the ceremony. The token is "
                  "thrown away.\n\n");
    if (plan->type != CER_TYPE_KEY && s->args->guard == NULL)
        cer_say(room,
                "The guard of the key '%s' was not asked (--pin-source): "
                "what it\nlimits is not rehearsed.\n\n",
                plan->key.label);
    if (plan->type == CER_TYPE_KEY)
        cer_say(room, "A key of the same type and guard is made; the ceremony "
                      "will make another one.\n\n");
    else if (plan->n_chain == 0)
        cer_say(room, "The key is another one of the same type, so its public "
                      "half and its\nidentifiers differ, and with them the TBS "
                      "hash below. All else is the plan's.\n\n");
    else
        cer_say(room, "The key that signs is another one of the same type. The "
                      "TBS is the plan's, byte\nfor byte; only the signature "
                      "will be another one.\n\n");
}

static enum sg_rc perform(struct stage *s, struct sg_err *err)
{
    struct cer_plan *plan = sg_arena_new(&s->arena, struct cer_plan);
    const struct cer_room room = { say, answer_itself, s };

    if (plan == NULL)
        return sg_err_set(err, SG_NOMEM, "rehearsal");
    *plan = *s->args->plan;
    SG_TRY(make_folder(s, "guards", s->guards, err));
    SG_TRY(in_dir(s, "out", s->out, err));
    SG_TRY(make_pin(s, err));
    SG_TRY(configure_softhsm(s, err));
    SG_TRY(make_token(s, err));
    SG_TRY(log_in(s, err));
    explain(s, plan);
    SG_TRY(stand_in(s, plan, err));
    const struct cer_execute_args args = {
        .plan = plan,
        .out = s->out,
        .module = s->args->softhsm,
        .version = s->args->version,
        .room = &room,
        .rehearsal = true,
        .judged = plan->n_chain > 0 ? s->args->plan : NULL,
        .start = start,
        .start_arg = s,
    };
    return cer_execute(&args, err);
}

static enum sg_rc run_in(const struct cer_rehearse_args *args, const char *dir,
                         struct sg_err *err)
{
    struct stage *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return sg_err_set(err, SG_NOMEM, "rehearsal");
    s->args = args;
    sg_arena_init(&s->arena, ARENA_MAX);
    (void)snprintf(s->dir, sizeof(s->dir), "%s", dir);
    enum sg_rc rc = perform(s, err);
    tok_client_free(s->client);
    sg_arena_done(&s->arena);
    free(s);
    return rc;
}

/* --- a process of its own --------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* The child's only way to say how it went: sg_err has no pointers that matter
 * but where, which is the same in both. */
static enum sg_rc wait_for(pid_t child, int from, struct sg_err *err)
{
    struct sg_err said = { 0 };
    int status = 0;
    ssize_t n;

    do
        n = read(from, &said, sizeof(said));
    while (n < 0 && errno == EINTR);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (n != (ssize_t)sizeof(said))
        return sg_err_set(err, SG_BUG, "the rehearsal ended early (status %d)",
                          status);
    if (said.rc == SG_OK)
        return SG_OK;
    *err = said;
    return said.rc;
}

static enum sg_rc fork_off(const struct cer_rehearse_args *args,
                           const char *dir, struct sg_err *err)
{
    int pipe_fd[2];

    if (pipe2(pipe_fd, O_CLOEXEC) != 0)
        return sg_err_errno(err, SG_IO, "pipe");
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct sg_err how = { 0 };
        (void)signal(SIGINT, SIG_DFL);
        (void)signal(SIGTERM, SIG_DFL);
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (run_in(args, dir, &how) == SG_OK)
            how = (struct sg_err){ .rc = SG_OK };
        (void)fflush(NULL);
        _exit(write(pipe_fd[1], &how, sizeof(how)) == (ssize_t)sizeof(how) ? 0
                                                                           : 1);
    }
    (void)close(pipe_fd[1]);
    enum sg_rc rc = child < 0 ? sg_err_errno(err, SG_IO, "fork")
                              : wait_for(child, pipe_fd[0], err);
    (void)close(pipe_fd[0]);
    return rc;
}

static enum sg_rc in_new_folder(const struct cer_rehearse_args *args, char *dir,
                                struct sg_err *err)
{
    if (mkdtemp(dir) == NULL)
        return sg_err_errno(err, SG_IO, "%s", args->tmp);
    enum sg_rc rc = fork_off(args, dir, err);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): this process has one thread
    if (nftw(dir, remove_one, FDS_MAX, FTW_DEPTH | FTW_PHYS) != 0
        && rc == SG_OK)
        rc = sg_err_errno(err, SG_IO, "%s could not be removed", dir);
    return rc;
}

enum sg_rc cer_rehearse(const struct cer_rehearse_args *args,
                        struct sg_err *err)
{
    char dir[DIR_BYTES];
    const struct sigaction ignore = { .sa_handler = SIG_IGN };
    struct sigaction before_int;
    struct sigaction before_term;

    int n = snprintf(dir, sizeof(dir), "%s/signet-rehearsal-XXXXXX", args->tmp);
    if (n < 0 || (size_t)n >= sizeof(dir))
        return sg_err_set(err, SG_USAGE, "%.64s...: path too long", args->tmp);
    /* Ctrl-C ends the child; this process stays to clean up. */
    (void)sigaction(SIGINT, &ignore, &before_int);
    (void)sigaction(SIGTERM, &ignore, &before_term);
    enum sg_rc rc = in_new_folder(args, dir, err);
    (void)sigaction(SIGINT, &before_int, NULL);
    (void)sigaction(SIGTERM, &before_term, NULL);
    return rc;
}
