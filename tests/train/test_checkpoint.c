/* Checkpoints that were damaged, are left over, or are to be removed. */
#include "tiny_run.h"

#include "formats/json.h"
#include "train/checkpoint.h"

#include <math.h>

static int set_up(void **state)
{
    tiny_set_up(state);
    bert_pretrain_params params = tiny_params(tiny_path("whole"));
    params.max_steps = 8;
    tiny_pretrain(&params);
    return 0;
}

static bert_status try_resume(const char *run, bert_error *error)
{
    bert_resume_params params = {.run = run};
    bert_pretrain_result result;
    return bert_pretrain_resume(&params, &result, NULL, error);
}

static bert_status try_evaluate(const char *model, bert_error *error)
{
    bert_evaluate_params params = bert_evaluate_params_default();
    bert_evaluation evaluation;
    params.model = model;
    params.data = tiny_data;
    return bert_evaluate(&params, &evaluation, NULL, error);
}

typedef enum damage { FLIP_FIRST, FLIP_MIDDLE, FLIP_LAST, CUT_ONE, EMPTY, EXTEND, REMOVE } damage;
enum { DAMAGES = REMOVE + 1 };

static void do_damage(const char *path, const text *content, damage damage)
{
    text changed = {0};
    assert_ok(text_append(&changed, content->data, content->length, error));
    size_t place = damage == FLIP_FIRST    ? 0
                   : damage == FLIP_MIDDLE ? content->length / 2
                                           : content->length - 1;
    if (damage <= FLIP_LAST)
        changed.data[place] ^= 1;
    else if (damage == CUT_ONE)
        changed.length--;
    else if (damage == EMPTY)
        changed.length = 0;
    else if (damage == EXTEND)
        assert_ok(text_append(&changed, "\n", 1, error));
    if (damage == REMOVE)
        assert_int_equal(unlink(path), 0);
    else
        assert_ok(file_write(path, changed.data, changed.length, error));
    text_free(&changed);
}

static void test_every_damage_is_named(void **state)
{
    (void)state;
    static const char *const names[] = {
        "config.json",           "model.safetensors",       "vocab.txt",          "tokenizer.json",
        "tokenizer_config.json", "special_tokens_map.json", "trainer_state.json", "README.md",
        "optimizer.safetensors",
    };
    enum { MODEL_FILES = 6 };
    const char *run = tiny_path("damaged"), *checkpoint = tiny_path("damaged/checkpoint-8");
    copy_directory(tiny_path("whole"), run);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *path = tiny_path("damaged/checkpoint-8/%s", names[i]);
        text content = {0};
        assert_ok(file_read(&content, path, 1 << 20, error));
        for (int damage = 0; damage < DAMAGES; damage++) {
            do_damage(path, &content, damage);
            assert_fails(try_resume(run, error), BERT_ERROR_INPUT, names[i]);
            if (i < MODEL_FILES) {
                assert_fails(try_evaluate(checkpoint, error), BERT_ERROR_INPUT, names[i]);
                assert_fails(try_evaluate(run, error), BERT_ERROR_INPUT, names[i]);
            } else { /* what a model does without */
                assert_ok(try_evaluate(checkpoint, error));
            }
            assert_ok(file_write(path, content.data, content.length, error));
        }
        text_free(&content);
    }
    assert_ok(try_resume(run, error));
    /* Gone with its checkpoint, the run goes on from the one before. */
    assert_ok(directory_remove(checkpoint, error));
    assert_ok(try_resume(run, error));
    assert_same_runs(tiny_path("whole"), run, 8);
}

static void test_any_change_to_the_manifest_is_noticed(void **state)
{
    (void)state;
    const char *run = tiny_path("manifest"),
               *path = tiny_path("manifest/checkpoint-8/manifest.json");
    copy_directory(tiny_path("whole"), run);
    text content = {0};
    assert_ok(file_read(&content, path, 1 << 20, error));
    for (size_t i = 0; i + 1 < content.length; i += 11) {
        content.data[i] ^= 2;
        assert_ok(file_write(path, content.data, content.length, error));
        assert_fails(try_resume(run, error), BERT_ERROR_INPUT, "checkpoint-8");
        content.data[i] ^= 2;
    }
    assert_ok(file_write(path, content.data, content.length / 2, error));
    assert_fails(try_resume(run, error), BERT_ERROR_INPUT, "manifest.json");
    assert_int_equal(unlink(path), 0);
    assert_fails(try_resume(run, error), BERT_ERROR_INPUT, "manifest.json: is missing");
    text_free(&content);
}

static void test_a_folder_of_others_has_no_manifest(void **state)
{
    (void)state;
    copy_directory(tiny_path("whole/checkpoint-8"), tiny_path("foreign"));
    assert_int_equal(unlink(tiny_path("foreign/manifest.json")), 0);
    assert_ok(try_evaluate(tiny_path("foreign"), error));
    /* Damage shows where the file itself can tell. */
    assert_int_equal(truncate(tiny_path("foreign/model.safetensors"), 1000), 0);
    assert_fails(try_evaluate(tiny_path("foreign"), error), BERT_ERROR_INPUT, "model.safetensors");
}

/* The steps of the checkpoints in a run, in one line. */
static const char *list_checkpoints(const char *run)
{
    static char line[1000];
    char path[700];
    line[0] = '\0';
    for (int step = 1; step <= 100; step++) {
        snprintf(path, sizeof path, "%s/checkpoint-%d", run, step);
        size_t length = strlen(line);
        if (path_is_directory(path))
            snprintf(line + length, sizeof line - length, "%d ", step);
    }
    return line;
}

static void test_prune(void **state)
{
    (void)state;
    const char *run = tiny_path("prune");
    static const int steps[] = {4, 8, 12, 30, 100};
    for (size_t i = 0; i < 5; i++)
        assert_ok(directory_create(tiny_path("prune/checkpoint-%d/inside", steps[i]), error));
    assert_ok(checkpoint_prune(run, 0, 0, error));
    assert_ok(checkpoint_prune(run, 5, 0, error));
    assert_string_equal(list_checkpoints(run), "4 8 12 30 100 ");
    assert_ok(checkpoint_prune(run, 3, 4, error));
    assert_string_equal(list_checkpoints(run), "4 12 30 100 ");
    assert_ok(checkpoint_prune(run, 1, 100, error));
    assert_string_equal(list_checkpoints(run), "100 ");
    assert_ok(checkpoint_prune(run, 1, 0, error));
    assert_string_equal(list_checkpoints(run), "100 ");
}

static void test_names_that_are_no_checkpoints(void **state)
{
    (void)state;
    const char *run = tiny_path("names");
    static const char *const others[] = {
        "checkpoint-",   "checkpoint-070",         "checkpoint-8x",
        "checkpoint--9", ".checkpoint-90.partial", "checkpoint-99999999999999999999",
    };
    char *last;
    assert_ok(directory_create(run, error));
    assert_ok(checkpoint_last(&last, run, error));
    assert_null(last);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_ok(directory_create(tiny_path("names/%s", others[i]), error));
    assert_ok(file_write(tiny_path("names/checkpoint-77"), "file", 4, error));
    assert_ok(checkpoint_last(&last, run, error));
    assert_null(last);
    assert_ok(directory_create(tiny_path("names/checkpoint-9"), error));
    assert_ok(directory_create(tiny_path("names/checkpoint-10"), error));
    assert_ok(checkpoint_last(&last, run, error));
    assert_string_equal(last, tiny_path("names/checkpoint-10"));
    free(last);
    assert_ok(file_write(tiny_path("names/metrics.jsonl.partial"), "x", 1, error));
    assert_ok(checkpoint_clean(run, error));
    assert_false(file_exists(tiny_path("names/.checkpoint-90.partial")));
    assert_false(file_exists(tiny_path("names/metrics.jsonl.partial")));
    assert_true(file_exists(tiny_path("names/checkpoint-8x")));
    assert_fails(checkpoint_last(&last, tiny_path("absent"), error), BERT_ERROR_IO, "absent");
}

/* Held-out losses fall, and rise when the learning rate has grown too large. */
static void test_the_last_and_the_best_stay(void **state)
{
    (void)state;
    const char *run = tiny_path("limited");
    bert_pretrain_params params = tiny_params(run);
    params.max_steps = 60;
    params.learning_rate = 2; /* far too much, but the warm-up takes its time to get there */
    params.lr_scheduler_type = BERT_LR_SCHEDULER_CONSTANT_WITH_WARMUP;
    params.warmup_steps = 120;
    params.eval_steps = params.save_steps = 6;
    params.save_total_limit = 2;
    tiny_pretrain(&params);

    text content = {0};
    double best = INFINITY;
    int best_step = 0, at = 0;
    assert_ok(file_read(&content, tiny_path("limited/metrics.jsonl"), 1 << 20, error));
    for (const char *line = content.data; (line = strstr(line, "\"eval_loss\": ")); line++) {
        double loss = strtod(line + strlen("\"eval_loss\": "), NULL);
        at += 6;
        if (loss < best) {
            best = loss;
            best_step = at;
        }
    }
    text_free(&content);
    assert_int_equal(at, 60);
    if (best_step >= 54)
        fail_msg("the best step is %d: the test needs another learning rate", best_step);
    char expected[40];
    snprintf(expected, sizeof expected, "%d 54 60 ", best_step);
    assert_string_equal(list_checkpoints(run), expected);

    json_t *json;
    int64_t kept = 0;
    assert_ok(json_read(&json, tiny_path("limited/checkpoint-60/trainer_state.json"), error));
    assert_ok(json_get_integer(json, run, "best_global_step", true, 1, 60, &kept, error));
    assert_true(json_number_value(json_object_get(json, "best_metric")) == best);
    json_decref(json);
    assert_int_equal(kept, best_step);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_damage_is_named),
        cmocka_unit_test(test_any_change_to_the_manifest_is_noticed),
        cmocka_unit_test(test_a_folder_of_others_has_no_manifest),
        cmocka_unit_test(test_prune),
        cmocka_unit_test(test_names_that_are_no_checkpoints),
        cmocka_unit_test(test_the_last_and_the_best_stay),
    };
    return cmocka_run_group_tests(tests, set_up, tiny_tear_down);
}
