/* A run that was stopped, killed or cut off and then resumed is the run that never stopped, bit for
 * bit. All runs use one thread: children are forked. */
#include "tiny_run.h"

#include "dataset/dataset.h"
#include "formats/json.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>

static bert_pretrain_params reference_params(const char *output)
{
    bert_pretrain_params params = tiny_params(output);
    params.gradient_accumulation_steps = 2;
    params.per_device_train_batch_size = 4;
    return params;
}

static int set_up(void **state)
{
    tiny_set_up(state);
    bert_pretrain_params params = reference_params(tiny_path("whole"));
    tiny_pretrain(&params);
    return 0;
}

/* Log every 3, evaluation every 5, checkpoint every 4 steps. */
static void test_stop_at_every_kind_of_step(void **state)
{
    (void)state;
    static const int steps[] = {
        1 /* nothing is due */,   3 /* log */,
        4 /* checkpoint */,       5 /* evaluation */,
        12 /* log, checkpoint */, 15 /* log, evaluation; one step left */,
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        int step = steps[i];
        const char *run = tiny_path("stopped-%d", step);
        bert_pretrain_params params = reference_params(run);
        params.stop_after_steps = step;
        bert_pretrain_result result = tiny_pretrain(&params);
        assert_false(result.finished);
        assert_int_equal(result.steps, step);
        assert_true(path_is_directory(result.checkpoint));
        result = tiny_resume(run, 0);
        assert_true(result.finished);
        assert_int_equal(result.steps, 16);
        assert_same_runs(tiny_path("whole"), run, 16);
    }
}

static void test_stop_again_and_again(void **state)
{
    (void)state;
    const char *run = tiny_path("in-pieces");
    bert_pretrain_params params = reference_params(run);
    params.stop_after_steps = 2;
    bert_pretrain_result result = tiny_pretrain(&params);
    for (int64_t step = 2; !result.finished; step = result.steps) {
        result = tiny_resume(run, 5);
        assert_int_equal(result.steps, step + 5 < 16 ? step + 5 : 16);
    }
    assert_same_runs(tiny_path("whole"), run, 16);
    assert_true(result.train_loss == last_metric(run, "loss"));
    assert_true(result.eval_loss == last_metric(run, "eval_loss"));
}

/* -------------------------------------------------------------------------- sudden endings --- */

static int steps_left;

static bool die_suddenly(void *context)
{
    (void)context;
    if (--steps_left == 0)
        kill(getpid(), SIGKILL);
    return false;
}

/* Runs (or resumes) in a child that dies after so many steps. */
static void run_until_killed(const bert_pretrain_params *params, const char *run, int steps,
                             bool (*should_stop)(void *), int expected_signal)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        steps_left = steps;
        bert_observer observer = {.should_stop = should_stop};
        bert_resume_params resume = {.run = run};
        bert_pretrain_result result;
        if (params)
            bert_pretrain(params, &result, &observer, NULL);
        else
            bert_pretrain_resume(&resume, &result, &observer, NULL);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), expected_signal);
}

static void test_kill_after_any_step(void **state)
{
    (void)state;
    for (int step = 1; step < 16; step += 4) {
        const char *run = tiny_path("killed-%d", step);
        bert_pretrain_params params = reference_params(run);
        run_until_killed(&params, NULL, step, die_suddenly, SIGKILL);
        if (step == 5) /* and once more */
            run_until_killed(NULL, run, 6, die_suddenly, SIGKILL);
        bert_pretrain_result result = tiny_resume(run, 0);
        assert_true(result.finished);
        assert_same_runs(tiny_path("whole"), run, 16);
    }
}

/* The kernel kills the process in the middle of a file of the second checkpoint. */
static bool limit_files(void *context)
{
    (void)context;
    if (--steps_left == 0) {
        const struct rlimit limit = {.rlim_cur = 50000, .rlim_max = 50000};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    return false;
}

static int count_checkpoints(const char *run)
{
    int count = 0;
    for (int step = 1; step <= 16; step++) {
        char path[700];
        snprintf(path, sizeof path, "%s/checkpoint-%d", run, step);
        count += path_is_directory(path);
    }
    return count;
}

static void test_kill_while_saving(void **state)
{
    (void)state;
    const char *run = tiny_path("killed-while-saving");
    bert_pretrain_params params = reference_params(run);
    run_until_killed(&params, NULL, 5, limit_files, SIGXFSZ);
    assert_int_equal(count_checkpoints(run), 1);
    assert_true(path_is_directory(tiny_path("killed-while-saving/.checkpoint-8.partial")));
    tiny_resume(run, 0);
    assert_false(file_exists(tiny_path("killed-while-saving/.checkpoint-8.partial")));
    assert_same_runs(tiny_path("whole"), run, 16);
}

static void test_full_disk_while_saving(void **state)
{
    (void)state;
    const char *run = tiny_path("full-disk");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGXFSZ, SIG_IGN); /* the write fails instead */
        steps_left = 5;
        bert_observer observer = {.should_stop = limit_files};
        bert_pretrain_params params = reference_params(run);
        bert_pretrain_result result;
        bert_error error = {0};
        bert_status status = bert_pretrain(&params, &result, &observer, &error);
        bool right = status == BERT_ERROR_IO && strstr(error.message, "optimizer.safetensors") &&
                     strstr(error.message, "File too large") &&
                     strstr(error.message, "step 8 could not be saved");
        _exit(right ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(count_checkpoints(run), 1);
    assert_false(file_exists(tiny_path("full-disk/.checkpoint-8.partial")));
    tiny_resume(run, 0); /* there is space again */
    assert_same_runs(tiny_path("whole"), run, 16);
}

/* --------------------------------------------------------------------------------- observer --- */

typedef struct witness {
    int moments, questions, stop_at;
    char messages[8000];
    bert_progress last;
} witness;

static void hear(void *context, bert_message_level level, const char *message)
{
    (void)level;
    witness *witness = context;
    size_t length = strlen(witness->messages);
    snprintf(witness->messages + length, sizeof witness->messages - length, "%s\n", message);
}

static void see(void *context, const bert_progress *progress)
{
    witness *witness = context;
    witness->moments++;
    witness->last = *progress;
}

static bool answer(void *context)
{
    witness *witness = context;
    return ++witness->questions == witness->stop_at;
}

static void test_observer_stops_and_hears_how_to_go_on(void **state)
{
    (void)state;
    const char *run = tiny_path("observed");
    bert_pretrain_params params = reference_params(run);
    bert_pretrain_result result;
    witness witness = {.stop_at = 7};
    const bert_observer observer = {
        .context = &witness, .message = hear, .progress = see, .should_stop = answer};
    assert_ok(bert_pretrain(&params, &result, &observer, error));
    assert_false(result.finished);
    assert_int_equal(result.steps, 7);
    char command[700];
    snprintf(command, sizeof command, "bert pretrain --resume %s\n", run);
    assert_non_null(strstr(witness.messages, command));
    assert_non_null(strstr(witness.messages, "step 5: held-out loss"));
    assert_true(witness.moments >= 2);
    assert_string_equal(witness.last.job, "pretrain");
    assert_int_equal(witness.last.total, 16);
    assert_true(isfinite(witness.last.loss) && witness.last.tokens_per_second > 0);

    witness = (struct witness){.stop_at = -1};
    bert_resume_params resume = {.run = run};
    assert_ok(bert_pretrain_resume(&resume, &result, &observer, error));
    assert_non_null(strstr(witness.messages, "going on from"));
    assert_int_equal(witness.last.done, 16);
    assert_same_runs(tiny_path("whole"), run, 16);

    witness = (struct witness){.stop_at = -1};
    assert_ok(bert_pretrain_resume(&resume, &result, &observer, error));
    assert_true(result.finished);
    assert_int_equal(result.steps, 16);
    assert_non_null(strstr(witness.messages, "finished already"));
    assert_same_runs(tiny_path("whole"), run, 16);
}

/* --------------------------------------------------------------------------------- refusals --- */

static bert_status try_resume(const char *run, bert_error *error)
{
    bert_resume_params params = {.run = run};
    bert_pretrain_result result;
    return bert_pretrain_resume(&params, &result, NULL, error);
}

static void test_no_run(void **state)
{
    (void)state;
    assert_fails(try_resume(tiny_path("nowhere"), error), BERT_ERROR_IO, "nowhere");
    assert_ok(directory_create(tiny_path("bare"), error));
    assert_fails(try_resume(tiny_path("bare"), error), BERT_ERROR_INPUT, "no run.json");
    assert_fails(try_resume("", error), BERT_ERROR_INVALID_ARGUMENT, "run is empty");
}

static void test_altered_settings(void **state)
{
    (void)state;
    copy_directory(tiny_path("whole"), tiny_path("altered"));
    const char *path = tiny_path("altered/run.json");
    static const struct {
        const char *key, *value, *message;
    } cases[] = {
        {"learning_rate", "-1.0", "\"learning_rate\" is -1"},
        {"learning_rate", "0.0", "params->learning_rate is 0"},
        {"max_steps", "\"many\"", "\"max_steps\" is \"many\""},
        {"optim", "\"lars\"", "params->optim"},
        {"per_device_train_batch_size", "0", "\"per_device_train_batch_size\" is 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *json;
        assert_ok(json_read(&json, tiny_path("whole/run.json"), error));
        json_object_set_new(json_object_get(json, "settings"), cases[i].key,
                            json_loads(cases[i].value, JSON_DECODE_ANY, NULL));
        assert_ok(json_write(json, path, error));
        json_decref(json);
        bert_error error;
        bert_status status = try_resume(tiny_path("altered"), &error);
        assert_true(status == BERT_ERROR_INPUT || status == BERT_ERROR_INVALID_ARGUMENT);
        if (!strstr(error.message, cases[i].message) || !strstr(error.message, "run.json"))
            fail_msg("%s", error.message);
    }
}

/* Without settings that came to bert later, as in a run that an older one began. A path is no such.
 */
static void test_settings_of_an_older_bert(void **state)
{
    (void)state;
    const char *run = tiny_path("older"), *path = tiny_path("older/run.json");
    bert_pretrain_params params = reference_params(run);
    params.stop_after_steps = 3;
    tiny_pretrain(&params);
    static const char *const newer[] = {"learning_rate_scaling", "base_batch_size", "lr_end",
                                        "batch_size_ramp", "gradient_checkpointing"};
    json_t *json;
    assert_ok(json_read(&json, path, error));
    json_t *settings = json_object_get(json, "settings");
    for (size_t i = 0; i < sizeof newer / sizeof newer[0]; i++)
        assert_int_equal(json_object_del(settings, newer[i]), 0);
    assert_ok(json_write(json, path, error));
    assert_true(tiny_resume(run, 0).finished);
    assert_same_runs(tiny_path("whole"), run, 16);

    assert_int_equal(json_object_del(settings, "data"), 0);
    assert_ok(json_write(json, path, error));
    assert_fails(try_resume(run, error), BERT_ERROR_INPUT, "\"data\" is missing");
    assert_int_equal(json_object_del(json, "settings"), 0);
    assert_ok(json_write(json, path, error));
    assert_fails(try_resume(run, error), BERT_ERROR_INPUT, "\"settings\" is missing");
    json_decref(json);
}

static void test_altered_data(void **state)
{
    (void)state;
    const char *run = tiny_path("new-data");
    bert_pretrain_params params = reference_params(run);
    const char *const endings[] = {".idx", ".bin", ".validation.idx", ".validation.bin"};
    for (size_t i = 0; i < 4; i++)
        copy_directory(tiny_path("data%s", endings[i]), tiny_path("other%s", endings[i]));
    copy_directory(tiny_path("data.tokenizer"), tiny_path("other.tokenizer"));
    params.data = tiny_path("other");
    params.stop_after_steps = 3;
    tiny_pretrain(&params);

    text content = {0};
    assert_ok(file_read(&content, tiny_path("other.tokenizer/vocab.txt"), 10000, error));
    memcpy(strstr(content.data, "wbc"), "xyz", 3);
    assert_ok(
        file_write(tiny_path("other.tokenizer/vocab.txt"), content.data, content.length, error));
    assert_fails(try_resume(run, error), BERT_ERROR_INPUT, "vocabulary has changed");
    memcpy(strstr(content.data, "xyz"), "wbc", 3);
    assert_ok(
        file_write(tiny_path("other.tokenizer/vocab.txt"), content.data, content.length, error));
    text_free(&content);

    /* The same counts, cut into other sentences. */
    assert_ok(file_read(&content, tiny_path("other.idx"), 100000, error));
    dataset data;
    dataset_writer *writer;
    assert_ok(dataset_open(&data, tiny_path("other"), error));
    assert_ok(dataset_writer_open(&writer, tiny_path("swapped"), 45, error));
    for (uint64_t document = 0; document < data.document_count; document++) {
        for (uint64_t s = dataset_document_start(&data, document);
             s < dataset_document_start(&data, document + 1); s++) {
            int32_t ids[16] = {5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5};
            int length = (int)dataset_sentence_length(&data, s) + (s == 0 ? 1 : s == 1 ? -1 : 0);
            assert_ok(dataset_writer_sentence(writer, ids, (size_t)length, error));
        }
        assert_ok(dataset_writer_end_document(writer, error));
    }
    assert_ok(dataset_writer_commit(writer, error));
    dataset_close(&data);
    assert_int_equal(rename(tiny_path("swapped.idx"), tiny_path("other.idx")), 0);
    assert_fails(try_resume(run, error), BERT_ERROR_INPUT, "other.idx: has changed");
    assert_ok(file_write(tiny_path("other.idx"), content.data, content.length, error));
    text_free(&content);
    assert_true(tiny_resume(run, 0).finished);
    assert_same_runs(tiny_path("whole"), run, 16);
}

static void test_two_at_once(void **state)
{
    (void)state;
    int descriptor = open(tiny_path("whole"), O_RDONLY | O_DIRECTORY);
    assert_true(descriptor >= 0);
    assert_int_equal(flock(descriptor, LOCK_EX), 0);
    assert_fails(try_resume(tiny_path("whole"), error), BERT_ERROR_INVALID_ARGUMENT,
                 "another process");
    close(descriptor);
    assert_ok(try_resume(tiny_path("whole"), error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stop_at_every_kind_of_step),
        cmocka_unit_test(test_stop_again_and_again),
        cmocka_unit_test(test_kill_after_any_step),
        cmocka_unit_test(test_kill_while_saving),
        cmocka_unit_test(test_full_disk_while_saving),
        cmocka_unit_test(test_observer_stops_and_hears_how_to_go_on),
        cmocka_unit_test(test_no_run),
        cmocka_unit_test(test_altered_settings),
        cmocka_unit_test(test_settings_of_an_older_bert),
        cmocka_unit_test(test_altered_data),
        cmocka_unit_test(test_two_at_once),
    };
    return cmocka_run_group_tests(tests, set_up, tiny_tear_down);
}
