/* A single process: the NULL job, and the detection of launchers. */
#include "testing.h"

#include "dist/job.h"
#include "dist/launch.h"

static void forget_launchers(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE",
                                        "OMPI_COMM_WORLD_LOCAL_SIZE",
                                        "SLURM_STEP_NUM_TASKS",
                                        "SLURM_STEP_TASKS_PER_NODE",
                                        "PMI_SIZE",
                                        "MPI_LOCALNRANKS"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
}

static void test_no_launcher(void **state)
{
    (void)state;
    forget_launchers();
    bert_job_params params = bert_job_params_default();
    bert_job *job;
    assert_ok(bert_job_join(&job, &params, error));
    assert_null(job);
    assert_int_equal(bert_job_rank(job), 0);
    assert_int_equal(bert_job_size(job), 1);
    assert_true(bert_job_reports_error(job));
    bert_job_finalize(job);
    params.rank_timeout = 0.5;
    assert_fails(bert_job_join(&job, &params, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->rank_timeout is 0.5");
}

static void test_calls_of_one(void **state)
{
    (void)state;
    int mine = 7, all = 0;
    assert_ok(job_allgather(NULL, &mine, sizeof mine, &all, error));
    assert_int_equal(all, 7);
    bert_error error = {.message = "kept"};
    assert_int_equal(job_sync_status(NULL, BERT_OK, &error), BERT_OK);
    assert_int_equal(job_sync_status(NULL, BERT_ERROR_IO, &error), BERT_ERROR_IO);
    job_note(NULL, BERT_ERROR_IO, &error);
    assert_string_equal(error.message, "kept");
    job_alive(NULL);
    job_begin_waiting(NULL);
    job_end_waiting(NULL);
}

static void test_launchers(void **state)
{
    (void)state;
    forget_launchers();
    assert_null(launch_detect().launcher);
    setenv("OMPI_COMM_WORLD_SIZE", "1", 1); /* mpirun -n 1: no other ranks */
    assert_null(launch_detect().launcher);
    setenv("OMPI_COMM_WORLD_SIZE", "4", 1);
    setenv("OMPI_COMM_WORLD_LOCAL_SIZE", "2", 1);
    launch launch = launch_detect();
    assert_string_equal(launch.launcher, "mpirun");
    assert_int_equal(launch.size, 4);
    assert_int_equal(launch.local_size, 2);
    forget_launchers();
    setenv("SLURM_NTASKS", "8", 1); /* a batch script that calls bert without srun */
    assert_null(launch_detect().launcher);
    setenv("SLURM_STEP_NUM_TASKS", "8", 1);
    setenv("SLURM_STEP_TASKS_PER_NODE", "4(x2)", 1);
    launch = launch_detect();
    assert_string_equal(launch.launcher, "srun");
    assert_int_equal(launch.size, 8);
    assert_int_equal(launch.local_size, 4);
    unsetenv("SLURM_NTASKS");
    forget_launchers();
    setenv("PMI_SIZE", "many", 1);
    assert_null(launch_detect().launcher);
    forget_launchers();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_launcher),
        cmocka_unit_test(test_calls_of_one),
        cmocka_unit_test(test_launchers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
