/* Trains two tiny models into a directory, one with next-sentence prediction and one without, and
 * writes what this library makes of each last checkpoint, for test_transformers.py:
 *
 *     make_checkpoints DIRECTORY
 *
 * DIRECTORY/pairs/ and DIRECTORY/alone/ are the runs; pairs.json and alone.json hold the folder of
 * the checkpoint, texts with the ids of its tokenizer, and a batch of sequences with its logits. */
#include "tiny_run.h"

#include "formats/json.h"
#include "model/model.h"
#include "model/weights.h"
#include "tokenizer/tokenizer.h"

static const char *const texts[] = {
    "waa wab wac",
    "WBA  wbb, Wbc!",
    "wa\xcc\x81"
    "a W\xc3\x81"
    "B [MASK] unknown \xe4\xb8\xad",
    "",
    "[CLS]waa[SEP]\twdj\n",
};
enum { TEXTS = sizeof texts / sizeof texts[0] };

static json_t *encode_texts(const bert_tokenizer *tokenizer)
{
    json_t *list = json_array();
    bert_encoding encoding = {0};
    for (size_t i = 0; i < TEXTS; i++) {
        assert_ok(bert_tokenizer_encode(tokenizer, texts[i], strlen(texts[i]), true, 0, &encoding,
                                        error));
        json_t *ids = json_array();
        for (size_t j = 0; j < encoding.count; j++)
            json_array_append_new(ids, json_integer(encoding.ids[j]));
        json_array_append_new(list, json_pack("{s:s, s:o}", "text", texts[i], "ids", ids));
    }
    bert_encoding_free(&encoding);
    return list;
}

static json_t *json_floats(const float *values, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_real(values[i]));
    return list;
}

static json_t *json_integers(const int32_t *values, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_integer(values[i]));
    return list;
}

/* Three sequences of different lengths, every position predicted. */
static json_t *run_batch(model *model, const tokenizer_special_ids *special, bool pairs)
{
    enum { SEQUENCES = 3, TOKENS = 24 };
    static const int32_t starts[SEQUENCES + 1] = {0, 5, 17, TOKENS};
    static const uint64_t numbers[SEQUENCES] = {0, 1, 2};
    int32_t tokens[TOKENS], types[TOKENS], positions[TOKENS];
    uint8_t narrow_types[TOKENS];
    for (int s = 0; s < SEQUENCES; s++)
        for (int t = starts[s]; t < starts[s + 1]; t++) {
            tokens[t] = t == starts[s]           ? special->cls
                        : t == starts[s + 1] - 1 ? special->sep
                        : t % 5 == 3             ? special->mask
                                                 : 5 + (7 * t) % 40;
            types[t] = narrow_types[t] = pairs && t > starts[s] + 3;
            positions[t] = t;
        }
    const model_input input = {
        .token_count = TOKENS,
        .sequence_count = SEQUENCES,
        .masked_count = TOKENS,
        .tokens = tokens,
        .token_types = narrow_types,
        .sequence_starts = starts,
        .sample_numbers = numbers,
        .masked_positions = positions,
    };
    size_t vocabulary = (size_t)model_configuration(model)->vocab_size;
    float *logits = malloc(TOKENS * vocabulary * sizeof(float)), pair_logits[2 * SEQUENCES] = {0};
    assert_ok(model_check_input(model, &input, error));
    model_mlm_logits(model_own_workspace(model), &input, logits);
    if (pairs)
        model_nsp_logits(model_own_workspace(model), &input, pair_logits);
    json_t *batch = json_pack(
        "{s:o, s:o, s:o, s:o, s:o}", "starts", json_integers(starts, SEQUENCES + 1), "tokens",
        json_integers(tokens, TOKENS), "token_types", json_integers(types, TOKENS), "mlm_logits",
        json_floats(logits, TOKENS * vocabulary), "nsp_logits",
        json_floats(pair_logits, pairs ? 2 * SEQUENCES : 0));
    free(logits);
    return batch;
}

static void describe(const char *folder, const char *output, bool pairs)
{
    char path[700];
    model_config config;
    model *model;
    bert_tokenizer *tokenizer;
    const model_limits limits = {.tokens = 64, .sequences = 4, .masked = 64};
    snprintf(path, sizeof path, "%s/config.json", folder);
    assert_ok(model_config_read(&config, path, error));
    assert_ok(model_create(&model, &config, &limits, error));
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    assert_ok(weights_load(model_parameter_table(model), &config, model_weights(model), path,
                           &(weights_options){0}, error));
    assert_ok(bert_tokenizer_load(&tokenizer, folder, NULL, error));
    tokenizer_special_ids special = tokenizer_special(tokenizer);
    json_t *root = json_pack("{s:s, s:b, s:o, s:o}", "folder", folder, "pairs", pairs, "texts",
                             encode_texts(tokenizer), "batch", run_batch(model, &special, pairs));
    assert_ok(json_write(root, output, error));
    json_decref(root);
    bert_tokenizer_free(tokenizer);
    model_free(model);
}

static const char *directory;

static void make(void **state)
{
    (void)state;
    for (int pairs = 0; pairs < 2; pairs++) {
        char run[700], output[700];
        snprintf(run, sizeof run, "%s/%s", directory, pairs ? "pairs" : "alone");
        snprintf(output, sizeof output, "%s.json", run);
        bert_pretrain_params params = tiny_params(run);
        params.max_steps = 40;
        params.next_sentence_prediction = pairs;
        bert_pretrain_result result = tiny_pretrain(&params);
        describe(result.checkpoint, output, pairs);
    }
}

int main(int count, char **arguments)
{
    if (count != 2) {
        fprintf(stderr, "usage: make_checkpoints DIRECTORY\n");
        return 2;
    }
    directory = arguments[1];
    const struct CMUnitTest tests[] = {cmocka_unit_test(make)};
    return cmocka_run_group_tests(tests, tiny_set_up, tiny_tear_down);
}
