/* Many texts at once give what each gives alone, in the caller's order, however batches are cut. */
#include "made_model.h"

#include "math/pooling.h"

#include <math.h>

enum { TEXTS = 2500 }; /* more than a window of the library */

static char texts[TEXTS][32];
static bert_input inputs[TEXTS];

/* 0 to 9 letters; every third one is a pair. */
static void make_inputs(void)
{
    for (size_t i = 0; i < TEXTS; i++) {
        random_stream stream = random_stream_start(2, RANDOM_TEST, 0, i);
        size_t letters = (size_t)random_below(&stream, 10), length = 0;
        for (size_t k = 0; k < letters; k++) {
            texts[i][length++] = (char)('a' + random_below(&stream, 16));
            texts[i][length++] = ' ';
        }
        inputs[i] = (bert_input){.text = texts[i], .length = length};
        if (i % 3 == 0) {
            inputs[i].length = length / 4 * 2;
            inputs[i].pair = texts[i] + inputs[i].length;
            inputs[i].pair_length = length - inputs[i].length;
        }
    }
}

static bert_model *open_with(int batch_tokens)
{
    const char *directory = make_folder(randomize, VOCAB);
    const bert_model_options options = {.batch_tokens = batch_tokens};
    bert_model *loaded;
    assert_ok(bert_model_load_with(&loaded, directory, &options, error));
    assert_ok(directory_remove(directory, error));
    return loaded;
}

/* The hidden states of one text, straight from the model. */
static size_t hidden_states_of(bert_model *loaded, const bert_input *input, float *hidden)
{
    bert_encoding encoding = {0};
    if (input->pair)
        assert_ok(bert_tokenizer_encode_pair(loaded->tokenizer, input->text, input->length,
                                             input->pair, input->pair_length, true, POSITIONS,
                                             &encoding, error));
    else
        assert_ok(bert_tokenizer_encode(loaded->tokenizer, input->text, input->length, true,
                                        POSITIONS, &encoding, error));
    const int32_t starts[] = {0, (int32_t)encoding.count};
    const uint64_t number = 0;
    const model_input view = {.token_count = (int)encoding.count,
                              .sequence_count = 1,
                              .tokens = encoding.ids,
                              .token_types = encoding.type_ids,
                              .sequence_starts = starts,
                              .sample_numbers = &number};
    bert_workspace *workspace;
    assert_ok(bert_workspace_create(&workspace, loaded, error));
    assert_ok(model_workspace_check_input(workspace->activations, &view, error));
    model_hidden_states(workspace->activations, &view, hidden);
    bert_workspace_free(workspace);
    size_t count = encoding.count;
    bert_encoding_free(&encoding);
    return count;
}

static void test_embeddings_in_batches(void **state)
{
    (void)state;
    static float together[TEXTS * HIDDEN], cut[TEXTS * HIDDEN];
    make_inputs();
    bert_model *loaded = open_with(64), *small = open_with(1);
    bert_embed_params params = bert_embed_params_default();
    bert_inference_stats usage = {0};
    assert_int_equal(bert_model_hidden_size(loaded), HIDDEN);
    assert_ok(bert_embed(loaded, NULL, inputs, TEXTS, &params, together, &usage, error));
    assert_int_equal(usage.texts, TEXTS);
    assert_int_equal(usage.truncated, 0);
    uint64_t tokens = 0;
    for (size_t i = 0; i < TEXTS; i++) {
        float hidden[POSITIONS * HIDDEN];
        size_t count = hidden_states_of(loaded, &inputs[i], hidden);
        tokens += count;
        for (size_t column = 0; column < HIDDEN; column++) {
            double sum = 0;
            for (size_t k = 0; k < count; k++)
                sum += (double)hidden[k * HIDDEN + column];
            assert_true(fabs(together[i * HIDDEN + column] - sum / (double)count) < 1e-5);
        }
    }
    assert_int_equal(usage.tokens, tokens);
    assert_ok(bert_embed(small, NULL, inputs, TEXTS, &params, cut, NULL, error));
    for (size_t i = 0; i < TEXTS * HIDDEN; i++)
        assert_true(fabsf(together[i] - cut[i]) < 1e-5f);
    bert_model_free(small);
    bert_model_free(loaded);
}

static void test_pooling(void **state)
{
    (void)state;
    bert_model *loaded = open_with(0);
    const bert_input input = {.text = "a b c", .length = 5};
    bert_embed_params params = {.pooling = BERT_POOLING_CLS};
    float hidden[POSITIONS * HIDDEN], found[HIDDEN], scaled[HIDDEN];
    assert_int_equal(hidden_states_of(loaded, &input, hidden), 5);
    assert_ok(bert_embed(loaded, NULL, &input, 1, &params, found, NULL, error));
    assert_memory_equal(found, hidden, sizeof found);
    params.normalize = true;
    assert_ok(bert_embed(loaded, NULL, &input, 1, &params, scaled, NULL, error));
    double length = 0, scaled_length = 0;
    for (size_t i = 0; i < HIDDEN; i++) {
        length += (double)found[i] * found[i];
        scaled_length += (double)scaled[i] * scaled[i];
    }
    assert_true(fabs(scaled_length - 1) < 1e-6);
    assert_true(fabs(scaled[3] - found[3] / sqrt(length)) < 1e-6);
    float zeros[3] = {0};
    rows_normalize(zeros, 1, 3); /* has no direction: stays as it is */
    assert_true(zeros[0] == 0);
    params.pooling = (bert_pooling)9;
    assert_fails(bert_embed(loaded, NULL, &input, 1, &params, found, NULL, error),
                 BERT_ERROR_INVALID_ARGUMENT, "params->pooling is 9; expected mean or cls");
    params = bert_embed_params_default();
    params.max_seq_length = 65537;
    assert_fails(bert_embed(loaded, NULL, &input, 1, &params, found, NULL, error),
                 BERT_ERROR_INVALID_ARGUMENT, "params->max_seq_length is 65537");
    bert_model_free(loaded);
}

static void test_long_texts_are_cut_and_counted(void **state)
{
    (void)state;
    bert_model *loaded = open_with(0);
    const char *fits = "a b c d e f g h i j", *longer = "a b c d e f g h i j k l";
    const bert_input both[] = {{.text = fits, .length = strlen(fits)},
                               {.text = longer, .length = strlen(longer)}};
    bert_embed_params params = bert_embed_params_default();
    float found[2 * HIDDEN];
    bert_inference_stats usage = {0};
    assert_ok(bert_embed(loaded, NULL, both, 2, &params, found, &usage, error));
    assert_int_equal(usage.truncated, 1);
    assert_int_equal(usage.tokens, 2 * POSITIONS);
    for (size_t i = 0; i < HIDDEN; i++)
        assert_true(fabsf(found[i] - found[HIDDEN + i]) < 1e-6f);
    params.max_seq_length = 4;
    usage = (bert_inference_stats){0};
    assert_ok(bert_embed(loaded, NULL, both, 2, &params, found, &usage, error));
    assert_int_equal(usage.truncated, 2);
    assert_int_equal(usage.tokens, 8);
    params.max_seq_length = 2;
    assert_fails(bert_embed(loaded, NULL, both, 2, &params, found, &usage, error),
                 BERT_ERROR_INVALID_ARGUMENT, "params->max_seq_length is 2");
    bert_model_free(loaded);
}

static void test_masks_up_to_the_text_that_has_none(void **state)
{
    (void)state;
    bert_model *loaded = open_with(16);
    const char *const lines[] = {"a [MASK]", "[MASK] b [MASK] c d", "[MASK]", "none", "[MASK] e"};
    bert_input masked[5];
    bert_filled filled[5];
    for (size_t i = 0; i < 5; i++)
        masked[i] = (bert_input){.text = lines[i], .length = strlen(lines[i])};
    bert_inference_stats usage = {.texts = 10};
    assert_fails(bert_fill_masks(loaded, NULL, masked, 5, 2, filled, &usage, error),
                 BERT_ERROR_INPUT, "text 14: the text has no [MASK]");
    assert_int_equal(usage.texts, 13);
    const size_t counts[] = {1, 2, 1, 0, 0};
    for (size_t i = 0; i < 5; i++) {
        bert_prediction alone[4];
        size_t masks;
        assert_int_equal(filled[i].mask_count, counts[i]);
        if (counts[i] == 0)
            continue;
        assert_ok(
            bert_fill_mask(loaded, NULL, lines[i], strlen(lines[i]), 2, alone, 2, &masks, error));
        assert_int_equal(masks, counts[i]);
        for (size_t k = 0; k < 2 * masks; k++) {
            assert_int_equal(filled[i].predictions[k].id, alone[k].id);
            assert_true(fabs(filled[i].predictions[k].probability - alone[k].probability) < 1e-6);
        }
        bert_filled_free(&filled[i]);
    }
    bert_model_free(loaded);
}

static void test_options_out_of_range(void **state)
{
    (void)state;
    bert_model *loaded;
    bert_model_options options = {.batch_tokens = -1};
    assert_fails(bert_model_load_with(&loaded, "x", &options, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->batch_tokens is -1");
    options = (bert_model_options){.threads = -2};
    assert_fails(bert_model_load_with(&loaded, "x", &options, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->threads is -2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_embeddings_in_batches),
        cmocka_unit_test(test_pooling),
        cmocka_unit_test(test_long_texts_are_cut_and_counted),
        cmocka_unit_test(test_masks_up_to_the_text_that_has_none),
        cmocka_unit_test(test_options_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
