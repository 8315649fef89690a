/* Every way to draw samples trains, is resumed bit for bit, and keeps its samples apart. */
#include "tiny_run.h"

#include "model/model.h"
#include "train/run_inputs.h"
#include "train/sampling.h"

#include <math.h>

typedef struct variant {
    bool mlm_only;
    bert_pairs pairs;
    bert_sequences sequences;
    bert_mask_unit mask_unit;
    bert_masks masks;
    const char *schedule; /* NULL: the default */
} variant;

static const variant variants[] = {
    {.pairs = BERT_PAIRS_SENTENCE, .masks = BERT_MASKS_STATIC},
    {.mlm_only = true, .sequences = BERT_SEQUENCES_SENTENCES, .mask_unit = BERT_MASK_UNIT_WORD},
    {.mlm_only = true, .sequences = BERT_SEQUENCES_CHUNKS, .mask_unit = BERT_MASK_UNIT_SPAN},
    {.mlm_only = true, .sequences = BERT_SEQUENCES_STREAM, .masks = BERT_MASKS_STATIC},
    {.mlm_only = true, .sequences = BERT_SEQUENCES_DOCUMENTS, .mask_unit = BERT_MASK_UNIT_WORD},
    {.schedule = "24:0.6,32:0.3,28:0.1"},
    {.mlm_only = true,
     .sequences = BERT_SEQUENCES_STREAM,
     .schedule = "32:0.5,16:0.001,32:0.499"}, /* one has no step */
};
enum { VARIANTS = sizeof variants / sizeof *variants };

static bert_pretrain_params variant_params(const variant *variant, const char *output)
{
    bert_pretrain_params params = tiny_params(output);
    params.next_sentence_prediction = !variant->mlm_only;
    params.pairs = variant->pairs;
    params.sequences = variant->sequences;
    params.mask_unit = variant->mask_unit;
    params.masks = variant->masks;
    params.sequence_schedule = variant->schedule;
    return params;
}

/* Borders of the first schedule: steps 10 and 14 of 16 (9.6 and 14.4, rounded). */
static void test_resumed_at_and_around_a_change(void **state)
{
    (void)state;
    static const int stops[] = {9, 10, 11, 14};
    for (int i = 0; i < VARIANTS; i++) {
        const char *whole = tiny_path("whole-%d", i);
        bert_pretrain_params params = variant_params(&variants[i], whole);
        bert_pretrain_result result = tiny_pretrain(&params);
        assert_true(result.finished);
        assert_true(result.eval_loss > 0);
        size_t count = variants[i].schedule ? sizeof stops / sizeof *stops : 1;
        for (size_t j = 0; j < count; j++) {
            const char *run = tiny_path("stopped-%d-%d", i, stops[j]);
            params.output = run;
            params.stop_after_steps = stops[j];
            assert_false(tiny_pretrain(&params).finished);
            assert_true(tiny_resume(run, 0).finished);
            assert_same_runs(whole, run, 16);
        }
    }
}

/* Samples that Hugging Face's library saved, with splits; the working directory is the project's.
 */
static void test_pretokenized_ids(void **state)
{
    (void)state;
    bert_pretrain_params params = tiny_params(tiny_path("pretokenized"));
    params.data = "tests/dataset/pretokenized/splits";
    assert_fails(bert_pretrain(&params, NULL, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "needs params->tokenizer");
    params.tokenizer = tiny_path("data.tokenizer");
    bert_pretrain_result result = tiny_pretrain(&params);
    assert_true(result.finished);
    assert_true(last_metric(params.output, "eval_samples") == 12);
    params.output = tiny_path("pretokenized-stopped");
    params.stop_after_steps = 7;
    assert_false(tiny_pretrain(&params).finished);
    assert_true(tiny_resume(params.output, 0).finished);
    assert_same_runs(tiny_path("pretokenized"), params.output, 16);

    bert_evaluate_params evaluate = bert_evaluate_params_default();
    bert_evaluation evaluation;
    evaluate.model = params.output;
    evaluate.data = params.data;
    assert_ok(bert_evaluate(&evaluate, &evaluation, NULL, error));
    assert_int_equal(evaluation.nsp_count, 12);
}

/* A checkpoint is measured by the samples that its run evaluates on, unless told otherwise. */
static void test_evaluated_as_trained(void **state)
{
    (void)state;
    for (int i = 0; i < VARIANTS; i++) {
        const char *run = tiny_path("evaluated-%d", i);
        bert_pretrain_params params = variant_params(&variants[i], run);
        tiny_pretrain(&params);
        bert_evaluate_params evaluate = bert_evaluate_params_default();
        evaluate.model = run;
        evaluate.data = tiny_data;
        evaluate.batch_size = 8;
        bert_evaluation as_trained, other;
        assert_ok(bert_evaluate(&evaluate, &as_trained, NULL, error));
        assert_int_equal(as_trained.samples, (uint64_t)last_metric(run, "eval_samples"));
        assert_true(fabs(as_trained.mlm_loss - last_metric(run, "eval_mlm_loss")) < 1e-6);
        evaluate.max_seq_length = 16;
        evaluate.sequences = BERT_SEQUENCES_DOCUMENTS;
        evaluate.mask_unit = BERT_MASK_UNIT_WORD;
        assert_ok(bert_evaluate(&evaluate, &other, NULL, error));
        assert_int_equal(other.samples, 8); /* a document each */
        assert_int_equal(other.nsp_count, 0);
        assert_true(other.tokens <= 8 * 16);
    }
    bert_evaluate_params evaluate = bert_evaluate_params_default();
    bert_evaluation evaluation;
    evaluate.model = tiny_path("evaluated-0");
    evaluate.data = tiny_data;
    evaluate.pairs = BERT_PAIRS_SEGMENT;
    assert_ok(bert_evaluate(&evaluate, &evaluation, NULL, error));
    assert_true(evaluation.nsp_count > 0);
    evaluate.sequences = BERT_SEQUENCES_CHUNKS;
    assert_fails(bert_evaluate(&evaluate, &evaluation, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->pairs and params->sequences are both given");
    evaluate.sequences = BERT_SEQUENCES_UNSET;
    evaluate.model = tiny_path("evaluated-1");
    assert_fails(bert_evaluate(&evaluate, &evaluation, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "has no head for next-sentence prediction");
    evaluate.pairs = BERT_PAIRS_UNSET;
    evaluate.mask_unit = (bert_mask_unit)99;
    assert_fails(bert_evaluate(&evaluate, &evaluation, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->mask_unit is 99; expected token, word or span");
}

/* The model learns from each: after three hundred steps it is far below chance, log(45) = 3.8. */
static void test_learns(void **state)
{
    (void)state;
    for (int i = 0; i < VARIANTS; i++) {
        bert_pretrain_params params = variant_params(&variants[i], tiny_path("learns-%d", i));
        params.max_steps = 300;
        params.eval_steps = params.save_steps = 0;
        tiny_pretrain(&params);
        double loss = last_metric(params.output, "mlm_loss");
        if (!(loss < 2.6))
            fail_msg("variant %d: MLM loss %g", i, loss);
    }
}

typedef struct outputs {
    float hidden[8 * 32 * 32]; /* sequences × tokens × hidden size, at most */
} outputs;

static void compute(model *model, const batch *batch, outputs *out)
{
    const model_input input = {
        .token_count = batch->token_count,
        .sequence_count = batch->sequence_count,
        .tokens = batch->tokens,
        .token_types = batch->token_types,
        .sequence_starts = batch->sequence_starts,
        .sample_numbers = batch->sample_numbers,
    };
    assert_ok(model_check_input(model, &input, error));
    model_hidden_states(model_own_workspace(model), &input, out->hidden);
}

/* Changes every token of one sample after the other: the hidden states of all others, from which
 * every logit comes, stay the same bits. */
static void check_samples_apart(const run_settings *settings, const run_inputs *run_inputs,
                                model *model, batch *batch)
{
    sampler_settings sampling = sampling_for_phase(settings, 0);
    sampler *sampler;
    assert_ok(
        sampler_create(&sampler, &run_inputs->train, run_inputs->tokenizer, &sampling, error));
    assert_ok(sampler_fill(sampler, 3, 8, batch, error));
    static outputs before, after;
    compute(model, batch, &before);
    for (int changed = 0; changed < 8; changed++) {
        int start = batch->sequence_starts[changed], end = batch->sequence_starts[changed + 1];
        for (int i = start; i < end; i++)
            batch->tokens[i] = 44 - batch->tokens[i];
        compute(model, batch, &after);
        for (int i = start; i < end; i++)
            batch->tokens[i] = 44 - batch->tokens[i];
        for (int token = 0; token < batch->token_count; token++) {
            bool same = memcmp(&before.hidden[token * 32], &after.hidden[token * 32],
                               32 * sizeof(float)) == 0;
            assert_int_equal(same, token < start || token >= end);
        }
    }
    sampler_free(sampler);
}

static void test_attention_never_crosses_samples(void **state)
{
    (void)state;
    run_inputs run_inputs;
    assert_ok(run_inputs_open(&run_inputs, tiny_data, NULL, NULL, NULL, error));
    for (int i = 0; i < VARIANTS; i++) {
        bert_pretrain_params params = variant_params(&variants[i], tiny_path("apart"));
        run_settings settings;
        model_config config;
        char *weights;
        model *model;
        batch batch;
        assert_ok(settings_create(&settings, &params, error));
        assert_ok(run_inputs_configure(&run_inputs, &params, &config, &weights, NULL, error));
        const model_limits limits = {.tokens = 8 * 32, .sequences = 8, .masked = 8 * 32};
        assert_ok(model_create(&model, &config, &limits, error));
        parameters_initialize(model_parameter_table(model), &config, 42, model_weights(model));
        assert_ok(batch_create(&batch, 8 * 32, 8, 8 * 32, error));
        check_samples_apart(&settings, &run_inputs, model, &batch);
        batch_free(&batch);
        model_free(model);
        settings_free(&settings);
    }
    run_inputs_close(&run_inputs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resumed_at_and_around_a_change),
        cmocka_unit_test(test_pretokenized_ids),
        cmocka_unit_test(test_evaluated_as_trained),
        cmocka_unit_test(test_learns),
        cmocka_unit_test(test_attention_never_crosses_samples),
    };
    return cmocka_run_group_tests(tests, tiny_set_up, tiny_tear_down);
}
