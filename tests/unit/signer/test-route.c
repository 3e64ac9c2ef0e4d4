/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <string.h>

#include "signer/route.h"

struct fixture {
    struct sg_arena arena;
    struct srv_request req;
    struct srv_path mount;
};

static int setup(void **state)
{
    static struct fixture f;
    struct sg_err err = { 0 };

    f = (struct fixture){ 0 };
    sg_arena_init(&f.arena, 65536);
    f.req.method = "POST";
    assert_int_equal(srv_mount_parse(&f.arena, "pki", &f.mount, &err), SG_OK);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    sg_arena_done(&f->arena);
    return 0;
}

static void handle_a(struct srv_request *req)
{
    req->status = 1;
}

static void handle_b(struct srv_request *req)
{
    req->status = 2;
}

static const struct srv_route ROUTES[] = {
    { "issue/:role", SRV_METHOD_POST, handle_a },
    { "issuer/:issuer/issue/:role", SRV_METHOD_POST, handle_b },
    { "ca", SRV_METHOD_GET, handle_a },
    { "ca/pem", SRV_METHOD_GET, handle_b },
    { "/sys/health", SRV_METHOD_GET, handle_a },
};

static enum srv_match find(struct fixture *f, const char *text,
                           const struct srv_route **ret_route)
{
    struct sg_err err = { 0 };
    struct srv_path path;

    f->req.role = NULL;
    f->req.issuer_ref = NULL;
    f->req.allow = NULL;
    assert_int_equal(srv_path_parse(&f->arena, text, &path, &err), SG_OK);
    return srv_route_find(ROUTES, SG_ARRAY_LEN(ROUTES), &f->mount, &path,
                          &f->req, ret_route);
}

static void path_is_split_and_decoded(void **state)
{
    struct fixture *f = *state;
    struct sg_err err = { 0 };
    struct srv_path path;

    assert_int_equal(
        srv_path_parse(&f->arena, "/v1//pki/issue/a%20%C3%A9b/", &path, &err),
        SG_OK);
    assert_int_equal(path.n, 4);
    assert_string_equal(path.segment[0], "v1");
    assert_string_equal(path.segment[1], "pki");
    assert_string_equal(path.segment[3], "a \xc3\xa9"
                                         "b");
}

static void refused(struct fixture *f, const char *text, const char *why)
{
    struct sg_err err = { 0 };
    struct srv_path path;

    t_assert_fails(srv_path_parse(&f->arena, text, &path, &err), SG_FORMAT);
    assert_non_null(strstr(err.msg, why));
}

static void path_faults_are_named(void **state)
{
    struct fixture *f = *state;
    char text[SRV_PATH_MAX + 8];

    refused(f, "v1/pki", "must begin");
    refused(f, "/v1/%", "two hex digits");
    refused(f, "/v1/%4", "two hex digits");
    refused(f, "/v1/%4g", "two hex digits");
    refused(f, "/v1/%00", "%00");
    refused(f, "/v1/a%2fb", "%2F");
    refused(f, "/v1/%ff", "UTF-8");
    refused(f, "/v1/../sys", "\"..\"");
    refused(f, "/v1/%2e%2e/sys", "\"..\"");
    refused(f, "/v1/./sys", "\".\"");
    refused(f, "/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h", "more than 16");
    memset(text, 'a', sizeof(text));
    text[0] = '/';
    text[SRV_PATH_MAX] = '\0';
    struct sg_err err = { 0 };
    struct srv_path path;
    assert_int_equal(srv_path_parse(&f->arena, text, &path, &err), SG_OK);
    text[SRV_PATH_MAX] = 'a';
    text[SRV_PATH_MAX + 1] = '\0';
    refused(f, text, "longer than 1024");
}

static void routes_are_found(void **state)
{
    struct fixture *f = *state;
    const struct srv_route *route = NULL;

    assert_int_equal(find(f, "/v1/pki/issue/web", &route), SRV_MATCH_FOUND);
    assert_ptr_equal(route, &ROUTES[0]);
    assert_string_equal(f->req.role, "web");
    assert_null(f->req.issuer_ref);
    assert_int_equal(find(f, "//v1/pki//issuer/x/issue/web/", &route),
                     SRV_MATCH_FOUND);
    assert_ptr_equal(route, &ROUTES[1]);
    assert_string_equal(f->req.issuer_ref, "x");
    f->req.method = "PUT";
    assert_int_equal(find(f, "/v1/pki/issue/web", &route), SRV_MATCH_FOUND);
    f->req.method = "HEAD";
    assert_int_equal(find(f, "/v1/pki/ca", &route), SRV_MATCH_FOUND);
    assert_ptr_equal(route, &ROUTES[2]);
    f->req.method = "GET";
    assert_int_equal(find(f, "/v1/pki/ca/pem", &route), SRV_MATCH_FOUND);
    assert_ptr_equal(route, &ROUTES[3]);
    assert_int_equal(find(f, "/v1/sys/health", &route), SRV_MATCH_FOUND);
    assert_ptr_equal(route, &ROUTES[4]);
}

static void other_paths_are_not(void **state)
{
    static const char *const paths[] = {
        "/",
        "/v1",
        "/v2/pki/issue/web",
        "/v1/pki",
        "/v1/pki/issue",
        "/v1/pki/issue/web/more",
        "/v1/pkix/issue/web",
        "/v1/issue/web",
        "/v1/pki/sys/health",
        "/v1/pki/caa",
        "/v1/pki/c",
        "/v1/pki/issuer/x/issue",
    };
    struct fixture *f = *state;
    const struct srv_route *route = NULL;

    for (size_t i = 0; i < SG_ARRAY_LEN(paths); i++)
        assert_int_equal(find(f, paths[i], &route), SRV_MATCH_NONE);
    assert_null(route);
}

static void wrong_method_says_which_are_right(void **state)
{
    struct fixture *f = *state;
    const struct srv_route *route = NULL;

    f->req.method = "GET";
    assert_int_equal(find(f, "/v1/pki/issue/web", &route), SRV_MATCH_METHOD);
    assert_string_equal(f->req.allow, "POST, PUT");
    f->req.method = "DELETE";
    assert_int_equal(find(f, "/v1/pki/ca", &route), SRV_MATCH_METHOD);
    assert_string_equal(f->req.allow, "GET, HEAD");
}

static void deep_mount_works(void **state)
{
    struct fixture *f = *state;
    const struct srv_route *route = NULL;
    struct sg_err err = { 0 };

    assert_int_equal(srv_mount_parse(&f->arena, "team/a/pki", &f->mount, &err),
                     SG_OK);
    assert_int_equal(find(f, "/v1/team/a/pki/issue/web", &route),
                     SRV_MATCH_FOUND);
    assert_int_equal(find(f, "/v1/pki/issue/web", &route), SRV_MATCH_NONE);
    assert_int_equal(find(f, "/v1/team/a", &route), SRV_MATCH_NONE);
    t_assert_fails(srv_mount_parse(&f->arena, "/", &f->mount, &err), SG_CONFIG);
}

int main(void)
{
#define ROUTE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        ROUTE_TEST(path_is_split_and_decoded),
        ROUTE_TEST(path_faults_are_named),
        ROUTE_TEST(routes_are_found),
        ROUTE_TEST(other_paths_are_not),
        ROUTE_TEST(wrong_method_says_which_are_right),
        ROUTE_TEST(deep_mount_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
