/* The same text gives the same samples in either layout and in one or several files. */
#include "made_folder.h"

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

/* Compares two epochs of every scheme. */
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
    made_part(other, VARIED_VOCABULARY, BERT_LAYOUT_DOCUMENTS, 0, VARIED_DOCUMENTS, 0,
              varied_sentences, varied_tokens);
    assert_ok(dataset_open(&sentences, prefix, error));
    assert_ok(dataset_open(&documents, other, error));
    assert_non_null(documents.shards[0].file.short_lengths);
    assert_true(documents.shards[0].file.long_count > 0);
    assert_true(dataset_bytes(&documents) < dataset_bytes(&sentences));
    assert_same_samples(&sentences, &documents);
    dataset_close(&documents);
    dataset_close(&sentences);
}

/* Documents in three files of both layouts, the middle one without a long sentence, equal those in
 * one file. */
static void test_several_files(void **state)
{
    (void)state;
    static const int ends[] = {0, 90, 91, VARIED_DOCUMENTS};
    char names[3][340];
    const char *prefixes[3];
    uint64_t written = 0;
    for (int i = 0; i < 3; i++) {
        snprintf(names[i], sizeof names[i], "%s-%d", other, i);
        prefixes[i] = names[i];
        written = made_part(names[i], VARIED_VOCABULARY,
                            i ? BERT_LAYOUT_DOCUMENTS : BERT_LAYOUT_SENTENCES, ends[i], ends[i + 1],
                            written, varied_sentences, varied_tokens);
    }
    made_files(prefix, VARIED_VOCABULARY, VARIED_DOCUMENTS, varied_sentences, varied_tokens);
    dataset one, three;
    assert_ok(dataset_open(&one, prefix, error));
    assert_ok(dataset_open_all(&three, "three files", prefixes, 3, error));
    assert_int_equal(three.shard_count, 3);
    assert_int_equal(three.document_count, one.document_count);
    assert_int_equal(three.token_count, one.token_count);
    for (uint64_t i = 0; i <= one.sentence_count; i++)
        assert_int_equal(dataset_token_start(&three, i), dataset_token_start(&one, i));
    for (uint64_t i = 0; i < one.sentence_count; i++) {
        assert_int_equal(dataset_document_of(&three, i), dataset_document_of(&one, i));
        assert_int_equal(dataset_sentence_length(&three, i), dataset_sentence_length(&one, i));
    }
    for (uint64_t i = 0; i <= one.document_count; i++) {
        assert_int_equal(dataset_document_start(&three, i), dataset_document_start(&one, i));
        assert_int_equal(dataset_document_token_start(&three, i),
                         dataset_document_token_start(&one, i));
    }
    for (uint64_t i = 0; i < one.token_count; i += 7)
        assert_int_equal(dataset_document_at(&three, i), dataset_document_at(&one, i));
    int32_t *ids = malloc(2 * one.token_count * sizeof *ids), *same = ids + one.token_count;
    dataset_tokens(&one, 0, one.token_count, ids);
    dataset_tokens(&three, 0, one.token_count, same); /* across file boundaries */
    assert_memory_equal(ids, same, one.token_count * sizeof *ids);
    free(ids);
    assert_same_samples(&one, &three);
    dataset_close(&three);
    dataset_close(&one);

    prefixes[1] = "absent";
    assert_fails(dataset_open_all(&three, "three files", prefixes, 3, error), BERT_ERROR_IO,
                 "absent.idx: cannot open");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_layouts, set_up_both, tear_down),
        cmocka_unit_test_setup_teardown(test_several_files, set_up_both, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
