/* Fill-mask on a very small model with random weights, against the model's logits sorted the plain
 * way. */
#include "testing.h"

#include "made_model.h"

#include <math.h>

/* All embeddings of tokens 0: every position's logits are the decoder's bias, and that has ties. */
static void make_ties(const parameter_table *table, float *values)
{
    randomize(table, values);
    const parameter *words = parameter_find(table, "bert.embeddings.word_embeddings.weight");
    const parameter *bias = parameter_find(table, "cls.predictions.bias");
    memset(values + words->offset, 0, words->count * sizeof *values);
    for (size_t id = 0; id < VOCAB; id++)
        values[bias->offset + id] = id == 9 || id == 17 ? 3.0f : id % 2 ? 1.0f : 2.0f;
}

/* Finite weights whose products are not. */
static void make_overflow(const parameter_table *table, float *values)
{
    randomize(table, values);
    const parameter *scale = parameter_find(table, "cls.predictions.transform.LayerNorm.weight");
    for (size_t k = 0; k < scale->count; k++)
        values[scale->offset + k] = 3e38f;
}

static void remove_file(const char *directory, const char *name)
{
    char *path;
    assert_ok(path_join(&path, directory, name, error));
    assert_int_equal(unlink(path), 0);
    free(path);
}

/* ----------------------------------------------------------------------------------- tests --- */

static float *sort_logits;
static int compare_ids(const void *left, const void *right)
{
    int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;
    if (sort_logits[a] != sort_logits[b])
        return sort_logits[a] > sort_logits[b] ? -1 : 1;
    return a < b ? -1 : 1;
}

static void test_several_masks(void **state)
{
    (void)state;
    bert_model *loaded = open_folder(make_folder(randomize, VOCAB));
    const char *text = "a [MASK] b c [MASK] [MASK]";
    enum { MASKS = 3 };
    bert_prediction found[MASKS * VOCAB];
    size_t masks;
    assert_ok(bert_fill_mask(loaded, NULL, text, strlen(text), VOCAB, found, MASKS, &masks, error));
    assert_int_equal(masks, MASKS);

    /* [CLS] a [MASK] b c [MASK] [MASK] [SEP] */
    const int32_t ids[] = {2, 5, MASK_ID, 6, 7, MASK_ID, MASK_ID, 3};
    const uint8_t types[8] = {0};
    const int32_t starts[] = {0, 8}, positions[] = {2, 5, 6};
    const uint64_t number = 0;
    float logits[MASKS * VOCAB];
    const model_input input = {
        .token_count = 8,
        .sequence_count = 1,
        .masked_count = MASKS,
        .tokens = ids,
        .token_types = types,
        .sequence_starts = starts,
        .sample_numbers = &number,
        .masked_positions = positions,
    };
    bert_workspace *workspace;
    assert_ok(bert_workspace_create(&workspace, loaded, error));
    assert_ok(model_workspace_check_input(workspace->activations, &input, error));
    model_mlm_logits(workspace->activations, &input, logits);
    bert_workspace_free(workspace);
    for (int mask = 0; mask < MASKS; mask++) {
        int32_t order[VOCAB];
        double sum = 0, total = 0;
        sort_logits = logits + mask * VOCAB;
        for (int id = 0; id < VOCAB; id++) {
            order[id] = id;
            sum += exp((double)sort_logits[id]);
        }
        qsort(order, VOCAB, sizeof order[0], compare_ids);
        for (int k = 0; k < VOCAB; k++) {
            const bert_prediction *prediction = &found[mask * VOCAB + k];
            double expected = exp((double)sort_logits[order[k]]) / sum;
            assert_int_equal(prediction->id, order[k]);
            assert_true(fabs(prediction->probability - expected) < 1e-6);
            total += prediction->probability;
        }
        assert_true(fabs(total - 1) < 1e-5);
    }
    /* Attention reaches across: other words, other predictions. */
    assert_true(found[0].probability != found[VOCAB].probability);
    bert_model_free(loaded);
}

static void test_ties_go_to_the_smaller_id(void **state)
{
    (void)state;
    bert_model *loaded = open_folder(make_folder(make_ties, VOCAB));
    bert_prediction found[6];
    size_t masks;
    assert_ok(bert_fill_mask(loaded, NULL, "[MASK]", 6, 6, found, 1, &masks, error));
    const int32_t expected[] = {9, 17, 0, 2, 4, 6};
    for (int k = 0; k < 6; k++)
        assert_int_equal(found[k].id, expected[k]);
    assert_true(found[0].probability == found[1].probability);
    assert_true(found[1].probability > found[2].probability);
    bert_model_free(loaded);
}

static void test_rows_beyond_the_capacity_are_left_alone(void **state)
{
    (void)state;
    bert_model *loaded = open_folder(make_folder(randomize, VOCAB));
    const char *text = "[MASK] a [MASK]";
    bert_prediction one[2] = {{.id = -7}, {.id = -7}}, two[2];
    size_t masks;
    assert_ok(bert_fill_mask(loaded, NULL, text, strlen(text), 1, NULL, 0, &masks, error));
    assert_int_equal(masks, 2);
    assert_ok(bert_fill_mask(loaded, NULL, text, strlen(text), 1, one, 1, &masks, error));
    assert_int_equal(masks, 2);
    assert_int_equal(one[1].id, -7);
    assert_ok(bert_fill_mask(loaded, NULL, text, strlen(text), 1, two, 2, &masks, error));
    assert_int_equal(one[0].id, two[0].id);
    assert_true(one[0].probability == two[0].probability);
    bert_model_free(loaded);
}

static void test_texts_that_cannot_be_filled(void **state)
{
    (void)state;
    bert_model *loaded = open_folder(make_folder(randomize, VOCAB));
    bert_prediction found[VOCAB + 1];
    size_t masks;
    assert_fails(bert_fill_mask(loaded, NULL, "a b", 3, 1, found, 1, &masks, error),
                 BERT_ERROR_INPUT, "no [MASK]");
    assert_fails(bert_fill_mask(loaded, NULL, "", 0, 1, found, 1, &masks, error), BERT_ERROR_INPUT,
                 "no [MASK]");
    assert_fails(bert_fill_mask(loaded, NULL, "[MASK]", 6, 0, found, 1, &masks, error),
                 BERT_ERROR_INVALID_ARGUMENT, "top_k is 0");
    assert_fails(bert_fill_mask(loaded, NULL, "[MASK]", 6, VOCAB + 1, found, 1, &masks, error),
                 BERT_ERROR_INVALID_ARGUMENT, "1 to 24");
    const char *fits = "[MASK] a b c d e f g h i", *too_long = "[MASK] a b c d e f g h i j";
    assert_ok(bert_fill_mask(loaded, NULL, fits, strlen(fits), 1, found, 1, &masks, error));
    assert_fails(
        bert_fill_mask(loaded, NULL, too_long, strlen(too_long), 1, found, 1, &masks, error),
        BERT_ERROR_INPUT, "13 tokens");
    bert_model_free(loaded);
}

static void test_predictions_that_are_not_finite(void **state)
{
    (void)state;
    bert_model *loaded = open_folder(make_folder(make_overflow, VOCAB));
    bert_prediction found[1];
    size_t masks;
    assert_fails(bert_fill_mask(loaded, NULL, "[MASK]", 6, 1, found, 1, &masks, error),
                 BERT_ERROR_NOT_FINITE, "not finite");
    bert_model_free(loaded);
}

static void test_folders_that_are_not_whole(void **state)
{
    (void)state;
    bert_model *loaded;
    assert_fails(bert_model_load(&loaded, "/nowhere/at/all", error), BERT_ERROR_IO,
                 "/nowhere/at/all");
    const char *const files[] = {"config.json", "model.safetensors", "vocab.txt"};
    for (size_t i = 0; i < 3; i++) {
        const char *directory = make_folder(randomize, VOCAB);
        remove_file(directory, files[i]);
        assert_fails(bert_model_load(&loaded, directory, error), BERT_ERROR_IO,
                     i < 2 ? files[i] : "vocab");
        assert_null(loaded);
        assert_ok(directory_remove(directory, error));
    }
    const char *directory = make_folder(randomize, VOCAB + 1);
    assert_fails(bert_model_load(&loaded, directory, error), BERT_ERROR_INPUT, "25 tokens");
    assert_ok(directory_remove(directory, error));
    bert_model_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_several_masks),
        cmocka_unit_test(test_ties_go_to_the_smaller_id),
        cmocka_unit_test(test_rows_beyond_the_capacity_are_left_alone),
        cmocka_unit_test(test_texts_that_cannot_be_filled),
        cmocka_unit_test(test_predictions_that_are_not_finite),
        cmocka_unit_test(test_folders_that_are_not_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
