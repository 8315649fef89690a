#include "testing.h"

#include "base/threads.h"

#include <linux/sched/types.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

static struct sched_attr attributes_now(void)
{
    struct sched_attr attributes;
    assert_int_equal(syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0), 0);
    return attributes;
}

/* Linux 6.12 introduced per-thread time slices. */
static bool kernel_has_time_slices(void)
{
    struct utsname system;
    int major = 0, minor = 0;
    assert_int_equal(uname(&system), 0);
    assert_int_equal(sscanf(system.release, "%d.%d", &major, &minor), 2);
    return major > 6 || (major == 6 && minor >= 12);
}

static void test_short_time_slices(void **state)
{
    (void)state;
    assert_int_equal(setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + 1), 0);
    struct sched_attr before = attributes_now();
    threads_take_short_turns();
    struct sched_attr after = attributes_now();
    assert_int_equal(after.sched_policy, before.sched_policy);
    assert_int_equal(after.sched_nice, before.sched_nice);
    if (kernel_has_time_slices())
        assert_int_equal(after.sched_runtime, 100000);
}

static void test_share(void **state)
{
    (void)state;
    int all = threads_count();
    assert_true(all >= 1);
    assert_int_equal(threads_resolve(0), all);
    assert_int_equal(threads_resolve(7), 7);
    assert_int_equal(threads_share(1), all);
    assert_true(threads_share(2) >= 1 && threads_share(2) <= all);
    assert_int_equal(threads_share(1 << 20), 1);
    assert_int_equal(threads_use(3), all);
    assert_int_equal(threads_count(), 3);
    assert_int_equal(threads_use(0), 3); /* 0: the number in effect */
    assert_int_equal(threads_use(all), 3);
    assert_int_equal(threads_count(), all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short_time_slices),
        cmocka_unit_test(test_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
