/* The samples that bert_inspect_data shows are the first ones of a run with the same settings. */
#include "tiny_run.h"

#include "train/run_inputs.h"
#include "train/sampling.h"

#include <string.h>

#define ROWS "tests/dataset/pretokenized/"

enum { SAMPLES = 12, LENGTH = 24 };

static void check_sample(const bert_sample_report *shown, const batch *batch, bool has_pairs)
{
    assert_int_equal(shown->tokens, batch->token_count);
    assert_int_equal(shown->predictions, batch->masked_count);
    assert_int_equal(shown->next_sentence_label, has_pairs ? batch->next_sentence_labels[0] : -1);
    assert_memory_equal(shown->input_ids, batch->tokens, shown->tokens * sizeof *batch->tokens);
    int predicted = 0;
    for (int i = 0; i < batch->token_count; i++) {
        assert_int_equal(shown->token_type_ids[i], batch->token_types[i]);
        if (shown->labels[i] == -100)
            continue;
        assert_int_equal(batch->masked_positions[predicted], i);
        assert_int_equal(batch->masked_labels[predicted++], shown->labels[i]);
    }
    assert_int_equal(predicted, batch->masked_count);
}

/* Both are given the same settings; `params` are those of the run. */
static void check_samples(const bert_pretrain_params *params, bert_inspect_data_params inspect)
{
    inspect.data = params->data;
    inspect.tokenizer = params->tokenizer;
    inspect.samples = SAMPLES;
    inspect.max_seq_length = params->max_seq_length;
    inspect.short_seq_probability = params->short_seq_probability;
    inspect.mlm_probability = params->mlm_probability;
    inspect.next_sentence_prediction = params->next_sentence_prediction;
    inspect.seed = params->seed;
    bert_data_report report;
    assert_ok(bert_inspect_data(&inspect, &report, error));
    assert_int_equal(report.sample_count, SAMPLES);

    run_settings settings;
    run_inputs inputs;
    sampler *sampler;
    batch batch = {0};
    assert_ok(settings_create(&settings, params, error));
    assert_ok(run_inputs_open(&inputs, params->data, NULL, params->tokenizer, NULL, error));
    const sampler_settings sampling = sampling_for_phase(&settings, 0);
    assert_ok(sampler_create(&sampler, &inputs.train, inputs.tokenizer, &sampling, error));
    assert_ok(batch_create(&batch, LENGTH, 1, LENGTH, error));
    for (uint64_t i = 0; i < SAMPLES; i++) {
        assert_ok(sampler_fill(sampler, i, 1, &batch, error));
        check_sample(&report.samples[i], &batch, params->next_sentence_prediction);
    }
    batch_free(&batch);
    sampler_free(sampler);
    run_inputs_close(&inputs);
    settings_free(&settings);
    bert_data_report_free(&report);
}

static bert_pretrain_params params_of_run(void)
{
    bert_pretrain_params params = tiny_params("run");
    params.max_seq_length = LENGTH;
    params.short_seq_probability = 0.3;
    params.mlm_probability = 0.25;
    params.seed = 11;
    return params;
}

static void test_every_kind_of_sample(void **state)
{
    (void)state;
    for (bert_pairs pairs = BERT_PAIRS_SEGMENT; pairs <= BERT_PAIRS_SENTENCE; pairs++) {
        bert_pretrain_params params = params_of_run();
        bert_inspect_data_params inspect = bert_inspect_data_params_default();
        params.pairs = inspect.pairs = pairs;
        check_samples(&params, inspect);
    }
    static const bert_sequences sequences[] = {BERT_SEQUENCES_SENTENCES, BERT_SEQUENCES_CHUNKS,
                                               BERT_SEQUENCES_STREAM, BERT_SEQUENCES_DOCUMENTS};
    static const bert_mask_unit units[] = {BERT_MASK_UNIT_TOKEN, BERT_MASK_UNIT_WORD,
                                           BERT_MASK_UNIT_SPAN};
    for (int i = 0; i < 4 * 3; i++) {
        bert_pretrain_params params = params_of_run();
        bert_inspect_data_params inspect = bert_inspect_data_params_default();
        params.next_sentence_prediction = false;
        params.sequences = inspect.sequences = sequences[i % 4];
        params.mask_unit = inspect.mask_unit = units[i / 4];
        check_samples(&params, inspect);
    }
}

/* What is unset is what a run has by default. */
static void test_defaults_are_those_of_a_run(void **state)
{
    (void)state;
    bert_pretrain_params params = params_of_run();
    check_samples(&params, bert_inspect_data_params_default());
    params.next_sentence_prediction = false;
    check_samples(&params, bert_inspect_data_params_default());
}

static void test_rows(void **state)
{
    (void)state;
    bert_pretrain_params params = params_of_run();
    params.tokenizer = tiny_path("data.tokenizer");
    params.data = ROWS "splits";
    check_samples(&params, bert_inspect_data_params_default());
    params.data = ROWS "segments";
    params.next_sentence_prediction = false;
    check_samples(&params, bert_inspect_data_params_default());

    bert_inspect_data_params inspect = bert_inspect_data_params_default();
    bert_data_report report;
    inspect.data = ROWS "forms/published.zip";
    inspect.tokenizer = params.tokenizer;
    inspect.max_seq_length = 13;
    inspect.samples = 1000; /* more than there are */
    assert_ok(bert_inspect_data(&inspect, &report, error));
    assert_true(report.is_pretokenized && report.rows.has_labels);
    assert_int_equal(report.files, 3);
    assert_int_equal(report.sample_count, 48);
    assert_int_equal(report.train.documents, 48);
    assert_int_equal(report.validation.documents, 12);
    assert_int_equal(report.rows.labels[1], 16); /* n % 3 == 0 */
    assert_int_equal(report.rows.longest, 3 + 9 + 5);
    /* Row 34 is the first with 9 and 5 tokens: 34 % 7 == 6, 34 % 5 == 4. Rows are counted from 1.
     */
    assert_non_null(strstr(report.rows.longest_row, "data-00002-of-00003.arrow: row 3"));
    uint64_t longer = 0;
    for (int n = 0; n < 48; n++)
        longer += 3 + 3 + n % 7 + 1 + n % 5 > 13;
    assert_int_equal(report.rows.longer, longer);
    assert_true(report.rows.restored_ids > 0);
    bert_data_report_free(&report);
}

static void test_what_cannot_be_shown(void **state)
{
    (void)state;
    bert_inspect_data_params inspect = bert_inspect_data_params_default();
    bert_data_report report;
    inspect.data = tiny_data;
    inspect.pairs = BERT_PAIRS_SENTENCE;
    inspect.sequences = BERT_SEQUENCES_STREAM;
    assert_fails(bert_inspect_data(&inspect, &report, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->pairs goes neither with params->sequences");
    bert_data_report_free(&report);
    inspect.pairs = BERT_PAIRS_UNSET;
    inspect.data = ROWS "splits";
    assert_fails(bert_inspect_data(&inspect, &report, error), BERT_ERROR_INVALID_ARGUMENT,
                 "needs params->tokenizer");
    bert_data_report_free(&report);
    inspect.tokenizer = tiny_path("data.tokenizer");
    assert_fails(bert_inspect_data(&inspect, &report, error), BERT_ERROR_INVALID_ARGUMENT,
                 "\"stream\" needs data of bert prepare");
    bert_data_report_free(&report);
    inspect.data = ROWS "segments";
    inspect.sequences = BERT_SEQUENCES_UNSET;
    inspect.pairs = BERT_PAIRS_SEGMENT;
    assert_fails(bert_inspect_data(&inspect, &report, error), BERT_ERROR_INPUT,
                 "no column next_sentence_label");
    bert_data_report_free(&report);
}

static void test_detected_by_content(void **state)
{
    (void)state;
    static const char *const rows[] = {ROWS "splits",
                                       ROWS "segments",
                                       ROWS "forms/published.zip",
                                       ROWS "forms/published.zip:train",
                                       ROWS "forms/hub",
                                       ROWS "forms/lines/train.jsonl",
                                       ROWS "forms/hub/data/*.parquet"};
    static const char *const others[] = {
        "tests/formats/tables", "README.md", "src", "nowhere", "-", "/dev/null",
        "tests/model/golden"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!bert_pretokenized_detect(rows[i]))
            fail_msg("%s: not detected", rows[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (bert_pretokenized_detect(others[i]))
            fail_msg("%s: detected", others[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_of_sample),
        cmocka_unit_test(test_defaults_are_those_of_a_run),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_what_cannot_be_shown),
        cmocka_unit_test(test_detected_by_content),
    };
    return cmocka_run_group_tests(tests, tiny_set_up, tiny_tear_down);
}
