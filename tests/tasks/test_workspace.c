/* Many threads read one model, each in a workspace of its own. Run under ThreadSanitizer with
 * OMP_NUM_THREADS=1: it does not see the synchronization inside libgomp. */
#include "made_model.h"

#include <math.h>
#include <pthread.h>

enum { THREADS = 4, ROUNDS = 8, TEXTS = 3, TOP_K = 5 };

static const bert_input inputs[TEXTS] = {
    {.text = "a b c d", .length = 7},
    {.text = "e", .length = 1, .pair = "f g h", .pair_length = 5},
    {.text = "i j", .length = 3},
};
static const char masked[] = "a [MASK] c [MASK]";

/* What a thread computes again and again. */
typedef struct results {
    float embeddings[TEXTS * HIDDEN];
    bert_prediction predictions[2 * TOP_K];
} results;

typedef struct reader {
    const bert_model *model;
    results found[ROUNDS];
    bert_status status;
    bert_error error;
} reader;

static bert_status compute(const bert_model *model, bert_workspace *workspace, results *out,
                           bert_error *error)
{
    const bert_embed_params params = bert_embed_params_default();
    size_t masks;
    memset(out, 0, sizeof *out);
    TRY(bert_embed(model, workspace, inputs, TEXTS, &params, out->embeddings, NULL, error));
    return bert_fill_mask(model, workspace, masked, strlen(masked), TOP_K, out->predictions, 2,
                          &masks, error);
}

static void *read_model(void *context)
{
    reader *reader = context;
    bert_workspace *workspace;
    reader->status = bert_workspace_create(&workspace, reader->model, &reader->error);
    for (int round = 0; round < ROUNDS && reader->status == BERT_OK; round++)
        reader->status = compute(reader->model, workspace, &reader->found[round], &reader->error);
    bert_workspace_free(workspace);
    return NULL;
}

static void test_threads_get_the_bits_of_one(void **state)
{
    (void)state;
    static reader readers[THREADS];
    pthread_t threads[THREADS];
    bert_model *model = open_folder(make_folder(randomize, VOCAB));
    results alone;
    assert_ok(compute(model, NULL, &alone, error));
    assert_true(fabs((double)alone.embeddings[0]) > 0);
    for (int i = 0; i < THREADS; i++) {
        readers[i].model = model;
        assert_int_equal(pthread_create(&threads[i], NULL, read_model, &readers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        if (readers[i].status != BERT_OK)
            fail_msg("%s", readers[i].error.message);
        for (int round = 0; round < ROUNDS; round++) {
            const results *found = &readers[i].found[round];
            assert_memory_equal(found->embeddings, alone.embeddings, sizeof alone.embeddings);
            for (int k = 0; k < 2 * TOP_K; k++) {
                assert_int_equal(found->predictions[k].id, alone.predictions[k].id);
                assert_true(found->predictions[k].probability == alone.predictions[k].probability);
            }
        }
    }
    bert_model_free(model);
}

/* Bytes that the process has mapped. */
static size_t mapped_bytes(void)
{
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%zu", &pages), 1);
    fclose(file);
    return pages * 4096;
}

static void test_workspaces_hold_no_weights(void **state)
{
    (void)state;
    enum { ROWS = 1 << 19, WORKSPACES = 8 };
    const size_t weights = sizeof(float) * ROWS * HIDDEN;
    bert_model model = {.limits = {.tokens = 16, .sequences = 2, .masked = 0}};
    bert_workspace *workspaces[WORKSPACES];
    model_config config = tiny;
    config.vocab_size = ROWS;
    model_config_set_head(&config, MODEL_HEAD_NONE);
    size_t before = mapped_bytes();
    assert_ok(model_create(&model.model, &config, NULL, error));
    size_t loaded = mapped_bytes();
    assert_true(loaded - before >= weights);
    for (int i = 0; i < WORKSPACES; i++) {
        assert_ok(bert_workspace_create(&workspaces[i], &model, error));
        assert_in_range(bert_workspace_bytes(workspaces[i]), 1, weights / 100);
    }
    assert_true(mapped_bytes() - loaded < weights);
    for (int i = 0; i < WORKSPACES; i++)
        bert_workspace_free(workspaces[i]);
    model_free(model.model);
}

static void test_workspace_of_another_model(void **state)
{
    (void)state;
    bert_model *model = open_folder(make_folder(randomize, VOCAB));
    bert_model *other = open_folder(make_folder(randomize, VOCAB));
    bert_workspace *workspace;
    results unused;
    assert_ok(bert_workspace_create(&workspace, other, error));
    assert_fails(compute(model, workspace, &unused, error), BERT_ERROR_INVALID_ARGUMENT,
                 "another model");
    bert_workspace_free(workspace);
    bert_model_free(other);
    bert_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_get_the_bits_of_one),
        cmocka_unit_test(test_workspaces_hold_no_weights),
        cmocka_unit_test(test_workspace_of_another_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
