/* The same text gives the same samples, however it lies on the disk. */
#include "made_room.h"

static char other[320];

static int set_up_both(void **state)
{
    set_up(state);
    snprintf(other, sizeof other, "%s/other", directory);
    return 0;
}

static const sample_scheme *const schemes[] = {&scheme_segment_pairs, &scheme_sentence_pairs,
                                               &scheme_sentences,     &scheme_chunks,
                                               &scheme_stream,        &scheme_documents};
enum { SCHEMES = sizeof schemes / sizeof *schemes, BATCH = 16 };

static void assert_same_batches(const batch *a, const batch *b)
{
    assert_int_equal(a->token_count, b->token_count);
    assert_int_equal(a->masked_count, b->masked_count);
    assert_memory_equal(a->tokens, b->tokens, (size_t)a->token_count * sizeof *a->tokens);
    assert_memory_equal(a->token_types, b->token_types, (size_t)a->token_count);
    assert_memory_equal(a->sequence_starts, b->sequence_starts,
                        (BATCH + 1) * sizeof *a->sequence_starts);
    assert_memory_equal(a->next_sentence_labels, b->next_sentence_labels, BATCH);
    assert_memory_equal(a->masked_positions, b->masked_positions,
                        (size_t)a->masked_count * sizeof *a->masked_positions);
}

/* Two epochs of every scheme. */
static void assert_same_samples(const dataset *a, const dataset *b)
{
    bert_tokenizer *tokenizer = made_tokenizer(directory, VARIED_VOCABULARY);
    for (int i = 0; i < SCHEMES; i++) {
        sampler_settings settings = usual;
        settings.scheme = schemes[i];
        sampler *left, *right;
        assert_ok(sampler_create(&left, a, tokenizer, &settings, error));
        assert_ok(sampler_create(&right, b, tokenizer, &settings, error));
        batch one, two;
        assert_ok(batch_create(&one, BATCH * 128, BATCH, BATCH * 128, error));
        assert_ok(batch_create(&two, BATCH * 128, BATCH, BATCH * 128, error));
        uint64_t size, other_size;
        assert_ok(sampler_epoch_size(left, 0, &size, error));
        assert_ok(sampler_epoch_size(right, 0, &other_size, error));
        assert_int_equal(size, other_size);
        for (uint64_t first = 0; first < 2 * size; first += BATCH) {
            assert_ok(sampler_fill(left, first, BATCH, &one, error));
            assert_ok(sampler_fill(right, first, BATCH, &two, error));
            assert_same_batches(&one, &two);
        }
        batch_free(&two);
        batch_free(&one);
        sampler_free(right);
        sampler_free(left);
    }
    bert_tokenizer_free(tokenizer);
}

static void test_layouts(void **state)
{
    (void)state;
    dataset sentences, documents;
    made_files(prefix, VARIED_VOCABULARY, VARIED_DOCUMENTS, varied_sentences, varied_tokens);
    made_part(other, VARIED_VOCABULARY, LAYOUT_DOCUMENTS, 0, VARIED_DOCUMENTS, 0, varied_sentences,
              varied_tokens);
    assert_ok(dataset_open(&sentences, prefix, error));
    assert_ok(dataset_open(&documents, other, error));
    assert_non_null(documents.shards[0].file.short_lengths);
    assert_true(documents.shards[0].file.long_count > 0);
    assert_true(dataset_bytes(&documents) < dataset_bytes(&sentences));
    assert_same_samples(&sentences, &documents);
    dataset_close(&documents);
    dataset_close(&sentences);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_layouts, set_up_both, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
