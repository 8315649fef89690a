#include "testing.h"

#include "serve/routes.h"

static void assert_route(const char *method, const char *path, route_kind kind, serve_task task)
{
    route found = route_find(method, path, "org/small");
    if (found.kind != kind || found.task != task)
        fail_msg("%s %s: kind %d, task %d; expected %d, %d", method, path, (int)found.kind,
                 (int)found.task, (int)kind, (int)task);
}

static void test_paths(void **state)
{
    (void)state;
    const serve_task none = SERVE_TASK_COUNT;
    assert_route("GET", "/", ROUTE_PAGE, none);
    assert_route("HEAD", "/", ROUTE_PAGE, none);
    assert_route("GET", "/info", ROUTE_INFO, none);
    assert_route("GET", "/health", ROUTE_HEALTH, none);
    assert_route("POST", "/", ROUTE_TASK, none);
    assert_route("POST", "/models/org/small", ROUTE_TASK, none);
    assert_route("POST", "/models/org/small/pipeline/fill-mask", ROUTE_TASK, SERVE_FILL_MASK);
    assert_route("POST", "/pipeline/feature-extraction", ROUTE_TASK, SERVE_FEATURE_EXTRACTION);
    assert_route("POST", "/pipeline/text-classification/org/small", ROUTE_TASK,
                 SERVE_TEXT_CLASSIFICATION);
}

static void test_wrong_paths(void **state)
{
    (void)state;
    const serve_task none = SERVE_TASK_COUNT;
    assert_route("GET", "/secret", ROUTE_UNKNOWN, none);
    assert_route("GET", "/info/", ROUTE_UNKNOWN, none);
    assert_route("GET", "//", ROUTE_UNKNOWN, none);
    assert_route("GET", "/../etc/passwd", ROUTE_UNKNOWN, none);
    assert_route("POST", "/pipeline/summarization", ROUTE_UNKNOWN, none);
    assert_route("POST", "/pipeline/fill-mask-", ROUTE_UNKNOWN, none);
    assert_route("POST", "/pipeline/", ROUTE_UNKNOWN, none);
    assert_route("POST", "/models/org/smaller", ROUTE_OTHER_MODEL, none);
    assert_route("POST", "/models/org", ROUTE_OTHER_MODEL, none);
    assert_route("POST", "/models/org/small/pipeline/x", ROUTE_UNKNOWN, none);
    assert_route("POST", "/pipeline/fill-mask/other", ROUTE_OTHER_MODEL, SERVE_FILL_MASK);
    assert_route("POST", "/info", ROUTE_WRONG_METHOD, none);
    assert_int_equal(route_find("GET", "/pipeline/fill-mask", "m").kind, ROUTE_WRONG_METHOD);
    assert_int_equal(route_find("DELETE", "/", "m").kind, ROUTE_WRONG_METHOD);
    assert_int_equal(route_find("DELETE", "/nothing", "m").kind, ROUTE_UNKNOWN);
}

static void test_hosts(void **state)
{
    (void)state;
    assert_true(host_is_local("localhost"));
    assert_true(host_is_local("LocalHost:8080"));
    assert_true(host_is_local("127.0.0.1:80"));
    assert_true(host_is_local("127.1.2.3"));
    assert_true(host_is_local("[::1]:8080"));
    assert_false(host_is_local("localhost.evil.example"));
    assert_false(host_is_local("127.0.0.1.evil.example:8080"));
    assert_false(host_is_local("evil.example:127"));
    assert_false(host_is_local("[::2]"));
    assert_false(host_is_local(""));
    assert_true(origin_is_same("http://localhost:8080", "localhost:8080"));
    assert_true(origin_is_same("https://Model.example", "model.example"));
    assert_false(origin_is_same("http://localhost:8081", "localhost:8080"));
    assert_false(origin_is_same("http://evil.example", "localhost:8080"));
    assert_false(origin_is_same("null", "localhost:8080"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_wrong_paths),
        cmocka_unit_test(test_hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
