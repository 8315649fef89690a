#include "made_folder.h"

#include "base/threads.h"
#include "dataset/prefetch.h"

static void assert_batches_equal(const batch *a, const batch *b)
{
    assert_int_equal(a->token_count, b->token_count);
    assert_int_equal(a->sequence_count, b->sequence_count);
    assert_int_equal(a->masked_count, b->masked_count);
    size_t tokens = (size_t)a->token_count, sequences = (size_t)a->sequence_count;
    size_t masked = (size_t)a->masked_count;
    assert_memory_equal(a->tokens, b->tokens, tokens * sizeof *a->tokens);
    assert_memory_equal(a->token_types, b->token_types, tokens);
    assert_memory_equal(a->sequence_starts, b->sequence_starts,
                        (sequences + 1) * sizeof *a->sequence_starts);
    assert_memory_equal(a->sample_numbers, b->sample_numbers,
                        sequences * sizeof *a->sample_numbers);
    assert_memory_equal(a->next_sentence_labels, b->next_sentence_labels, sequences);
    if (masked) {
        assert_memory_equal(a->masked_positions, b->masked_positions,
                            masked * sizeof *a->masked_positions);
        assert_memory_equal(a->masked_labels, b->masked_labels, masked * sizeof *a->masked_labels);
    }
}

/* ---------------------------------------------------------------------------------- structure */

/* Checks a sample: [CLS] A [SEP] B [SEP], each segment contiguous text of one document. */
static void check_sample(const fixture *fixture, const int32_t *tokens, const uint8_t *types,
                         int count, int label, bool pairs)
{
    tokenizer_special_ids special = tokenizer_special(fixture->tokenizer);
    assert_in_range(count, pairs ? 5 : 3, 128);
    assert_int_equal(tokens[0], special.cls);
    assert_int_equal(tokens[count - 1], special.sep);
    int first[2] = {1, 0}, end[2] = {0, count - 1};
    for (int i = 1; i < count; i++)
        if (tokens[i] == special.sep && end[0] == 0)
            end[0] = i;
    first[1] = end[0] + 1;
    assert_int_equal(end[0] == count - 1, !pairs);
    for (int i = 0; i < count; i++)
        assert_int_equal(types[i], i > end[0]);
    uint64_t documents[2] = {0, 0};
    for (int segment = 0; segment < 1 + pairs; segment++) {
        assert_true(first[segment] < end[segment]);
        for (int i = first[segment]; i + 1 < end[segment]; i++)
            assert_int_equal(tokens[i + 1], tokens[i] + 1);
        documents[segment] = document_of_id(&fixture->data, tokens[first[segment]]);
        assert_int_equal(documents[segment],
                         document_of_id(&fixture->data, tokens[end[segment] - 1]));
    }
    if (!pairs) {
        assert_int_equal(label, 0);
    } else if (label == 1) {
        assert_int_not_equal(documents[0], documents[1]);
    } else {
        assert_int_equal(documents[0], documents[1]);
        assert_true(tokens[first[1]] > tokens[end[0] - 1]);
        if (count < 128) /* not truncated */
            assert_int_equal(tokens[first[1]], tokens[end[0] - 1] + 1);
    }
}

static void check_structure(bool pairs)
{
    uint64_t written =
        made_files(prefix, VARIED_VOCABULARY, VARIED_DOCUMENTS, varied_sentences, varied_tokens);
    assert_true(written < VARIED_VOCABULARY - MADE_FIRST_ID);
    sampler_settings settings = usual;
    if (!pairs)
        settings.scheme = &scheme_sentences;
    fixture fixture;
    room_open(&fixture, VARIED_VOCABULARY, &settings, 64);
    batch *batch = &fixture.batch;
    assert_int_equal(sampler_max_tokens(fixture.sampler), 128);
    assert_int_equal(sampler_max_masked(fixture.sampler), 19);
    uint64_t size, random_count = 0;
    assert_ok(sampler_epoch_size(fixture.sampler, 0, &size, error));
    for (uint64_t first = 0; first < 2 * size; first += 64) {
        assert_ok(sampler_fill(fixture.sampler, first, 64, batch, error));
        assert_int_equal(batch->sequence_count, 64);
        int prediction = 0;
        for (int i = 0; i < 64; i++) {
            int start = batch->sequence_starts[i], end = batch->sequence_starts[i + 1];
            int predictions = prediction;
            for (; prediction < batch->masked_count && batch->masked_positions[prediction] < end;
                 prediction++) {
                int position = batch->masked_positions[prediction];
                assert_true(position >= start);
                if (prediction > predictions)
                    assert_true(position > batch->masked_positions[prediction - 1]);
                batch->tokens[position] = batch->masked_labels[prediction]; /* unmask */
            }
            int text_tokens = end - start - (pairs ? 3 : 2);
            double share = round(0.15 * text_tokens);
            assert_int_equal(prediction - predictions, share < 1 ? 1 : share > 19 ? 19 : share);
            assert_int_equal(batch->sample_numbers[i], first + (uint64_t)i);
            check_sample(&fixture, batch->tokens + start, batch->token_types + start, end - start,
                         batch->next_sentence_labels[i], pairs);
            random_count += batch->next_sentence_labels[i];
        }
        assert_int_equal(prediction, batch->masked_count);
        assert_int_equal(batch->sequence_starts[64], batch->token_count);
    }
    assert_int_equal(random_count > 0, pairs);
    room_close(&fixture);
}

static void test_pairs_are_what_they_say(void **state)
{
    (void)state;
    check_structure(true);
}

static void test_single_segments(void **state)
{
    (void)state;
    check_structure(false);
}

/* ---------------------------------------------------------------------------- functions of … */

static void test_any_sample_by_its_number(void **state)
{
    (void)state;
    made_files(prefix, VARIED_VOCABULARY, 40, varied_sentences, varied_tokens);
    fixture fixture;
    room_open(&fixture, VARIED_VOCABULARY, &usual, 50);
    uint64_t sizes[4], before = 0;
    for (uint64_t epoch = 0; epoch < 4; epoch++)
        assert_ok(sampler_epoch_size(fixture.sampler, epoch, &sizes[epoch], error));
    bool sizes_differ = false;
    for (uint64_t number = 0, epoch = 0; epoch < 4; number++) {
        uint64_t found_epoch, index;
        assert_ok(sampler_locate(fixture.sampler, number, &found_epoch, &index, error));
        assert_int_equal(found_epoch, epoch);
        assert_int_equal(index, number - before);
        if (index + 1 == sizes[epoch]) {
            before += sizes[epoch++];
            sizes_differ |= epoch < 4 && sizes[epoch] != sizes[0];
        }
    }
    assert_true(sizes_differ);

    /* A batch across the boundary of two epochs equals its samples one at a time, drawn in reverse
     * order by a new sampler. */
    uint64_t first = sizes[0] + sizes[1] - 25;
    assert_ok(sampler_fill(fixture.sampler, first, 50, &fixture.batch, error));
    sampler *fresh;
    assert_ok(sampler_create(&fresh, &fixture.data, fixture.tokenizer, &usual, error));
    batch one;
    assert_ok(batch_create(&one, 128, 1, 19, error));
    int prediction = fixture.batch.masked_count;
    for (int i = 49; i >= 0; i--) {
        assert_ok(sampler_fill(fresh, first + (uint64_t)i, 1, &one, error));
        int start = fixture.batch.sequence_starts[i];
        assert_int_equal(one.token_count, fixture.batch.sequence_starts[i + 1] - start);
        assert_memory_equal(one.tokens, fixture.batch.tokens + start,
                            (size_t)one.token_count * sizeof *one.tokens);
        assert_int_equal(one.next_sentence_labels[0], fixture.batch.next_sentence_labels[i]);
        assert_int_equal(one.sample_numbers[0], first + (uint64_t)i);
        prediction -= one.masked_count;
        for (int j = 0; j < one.masked_count; j++) {
            assert_int_equal(one.masked_positions[j] + start,
                             fixture.batch.masked_positions[prediction + j]);
            assert_int_equal(one.masked_labels[j], fixture.batch.masked_labels[prediction + j]);
        }
    }
    batch_free(&one);
    sampler_free(fresh);
    room_close(&fixture);
}

static void test_threads_do_not_matter(void **state)
{
    (void)state;
    /* 300,000 sentences: several blocks for the threads. */
    made_files(prefix, LONG_VOCABULARY, 30, long_documents, one_token);
    batch expected = {0};
    for (int threads = 1; threads <= 3; threads++) {
        threads_use(threads);
        fixture fixture;
        room_open(&fixture, LONG_VOCABULARY, &usual, 500);
        assert_ok(sampler_fill(fixture.sampler, 777, 500, &fixture.batch, error));
        if (threads == 1) {
            expected = fixture.batch;
            fixture.batch = (batch){0};
        } else {
            assert_batches_equal(&fixture.batch, &expected);
        }
        room_close(&fixture);
    }
    batch_free(&expected);
}

/* The original first token of A identifies a sample of the varied data. */
static int32_t name_of_sample(const batch *batch)
{
    return batch->masked_count && batch->masked_positions[0] == 1 ? batch->masked_labels[0]
                                                                  : batch->tokens[1];
}

static int compare_ids(const void *left, const void *right)
{
    int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;
    return (a > b) - (a < b);
}

static void test_order(void **state)
{
    (void)state;
    made_files(prefix, VARIED_VOCABULARY, 40, varied_sentences, varied_tokens);
    fixture ordered, shuffled, other;
    sampler_settings settings = usual;
    room_open(&shuffled, VARIED_VOCABULARY, &settings, 1);
    settings.shuffle = false;
    room_open(&ordered, VARIED_VOCABULARY, &settings, 1);
    settings.seed++;
    room_open(&other, VARIED_VOCABULARY, &settings, 1);
    uint64_t size;
    assert_ok(sampler_epoch_size(ordered.sampler, 0, &size, error));
    int32_t *names = malloc(size * sizeof *names), *sorted = malloc(size * sizeof *names);
    uint64_t moved = 0, differ = 0;
    for (uint64_t i = 0; i < size; i++) {
        assert_ok(sampler_fill(ordered.sampler, i, 1, &ordered.batch, error));
        assert_ok(sampler_fill(shuffled.sampler, i, 1, &shuffled.batch, error));
        assert_ok(sampler_fill(other.sampler, i, 1, &other.batch, error));
        names[i] = name_of_sample(&ordered.batch);
        if (i > 0)
            assert_true(names[i] > names[i - 1]);
        sorted[i] = name_of_sample(&shuffled.batch);
        moved += sorted[i] != names[i];
        differ += other.batch.token_count != ordered.batch.token_count;
    }
    qsort(sorted, size, sizeof *sorted, compare_ids);
    assert_memory_equal(names, sorted, size * sizeof *names);
    assert_true(moved > size / 2);
    assert_true(differ > size / 4);
    free(names);
    free(sorted);
    room_close(&ordered);
    room_close(&shuffled);
    room_close(&other);
}

/* -------------------------------------------------------------------------------------- errors */

static void test_errors(void **state)
{
    (void)state;
    made_files(prefix, VARIED_VOCABULARY, 1, varied_sentences, varied_tokens);
    bert_tokenizer *tokenizer = made_tokenizer(directory, 100);
    dataset data;
    sampler *sampler;
    assert_ok(dataset_open(&data, prefix, error));
    assert_fails(sampler_create(&sampler, &data, tokenizer, &usual, error), BERT_ERROR_INPUT,
                 "sentence pairs need at least two");
    assert_null(sampler);
    sampler_settings settings = usual;
    settings.scheme = &scheme_sentences;
    assert_fails(sampler_create(&sampler, &data, tokenizer, &settings, error), BERT_ERROR_INPUT,
                 "token 95 is 100, but the vocabulary has 100 ids");
    settings.max_seq_length = 7;
    assert_fails(sampler_create(&sampler, &data, tokenizer, &settings, error),
                 BERT_ERROR_INVALID_ARGUMENT, "max_seq_length is 7");
    settings = usual;
    settings.mlm_probability = NAN;
    assert_fails(sampler_create(&sampler, &data, tokenizer, &settings, error),
                 BERT_ERROR_INVALID_ARGUMENT, "mlm_probability is nan");
    settings = usual;
    settings.short_seq_probability = 1.5;
    assert_fails(sampler_create(&sampler, &data, tokenizer, &settings, error),
                 BERT_ERROR_INVALID_ARGUMENT, "short_seq_probability is 1.5");
    dataset_close(&data);
    bert_tokenizer_free(tokenizer);

    made_files(prefix, VARIED_VOCABULARY, 0, varied_sentences, varied_tokens);
    tokenizer = made_tokenizer(directory, 100);
    assert_ok(dataset_open(&data, prefix, error));
    assert_fails(sampler_create(&sampler, &data, tokenizer, &usual, error), BERT_ERROR_INPUT,
                 "no documents");
    dataset_close(&data);
    bert_tokenizer_free(tokenizer);

    made_files(prefix, LONG_VOCABULARY, 2, long_documents, one_token);
    fixture fixture;
    room_open(&fixture, LONG_VOCABULARY, &usual, 2);
    assert_fails(sampler_fill(fixture.sampler, 0, 3, &fixture.batch, error),
                 BERT_ERROR_INVALID_ARGUMENT, "a batch of at most 2 sequences");
    room_close(&fixture);
}

/* Text of special tokens only: no prediction, and no endless loop. */
static void test_nothing_to_mask(void **state)
{
    (void)state;
    dataset_writer *writer;
    assert_ok(dataset_writer_open(&writer, prefix, 100, error));
    for (int document = 0; document < 2; document++) {
        assert_ok(dataset_writer_sentence(writer, (int32_t[]){1, 1, 1}, 3, error)); /* [UNK] */
        assert_ok(dataset_writer_end_document(writer, error));
    }
    assert_ok(dataset_writer_commit(writer, error));
    fixture fixture;
    room_open(&fixture, 100, &usual, 4);
    assert_ok(sampler_fill(fixture.sampler, 0, 4, &fixture.batch, error));
    assert_int_equal(fixture.batch.masked_count, 0);
    assert_int_equal(fixture.batch.token_count, 4 * 9);
    room_close(&fixture);
}

/* Files of other programs may contain documents without sentences: B never comes from one. */
static void test_empty_documents(void **state)
{
    (void)state;
    dataset_writer *writer;
    assert_ok(dataset_writer_open(&writer, prefix, 100, error));
    for (int32_t document = 0; document < 3; document++) {
        assert_ok(dataset_writer_sentence(writer, (int32_t[]){10 + document}, 1, error));
        assert_ok(dataset_writer_end_document(writer, error));
    }
    assert_ok(dataset_writer_commit(writer, error));
    char path[320];
    snprintf(path, sizeof path, "%s.idx", prefix);
    text index = {0};
    assert_ok(file_read(&index, path, 1000, error));
    const int64_t entries = 8, starts[] = {0, 0, 1, 1, 1, 2, 3, 3};
    memcpy(index.data + 26, &entries, sizeof entries);
    index.length -= 4 * sizeof *starts; /* removes the four entries */
    assert_ok(text_append(&index, (const char *)starts, sizeof starts, error));
    assert_ok(file_write(path, index.data, index.length, error));
    text_free(&index);

    fixture fixture;
    room_open(&fixture, 100, &usual, 1);
    assert_int_equal(fixture.data.document_count, 7);
    uint64_t size, seen[3][3] = {{0}};
    assert_ok(sampler_epoch_size(fixture.sampler, 0, &size, error));
    assert_int_equal(size, 3);
    for (uint64_t number = 0; number < 600; number++) {
        assert_ok(sampler_fill(fixture.sampler, number, 1, &fixture.batch, error));
        const batch *batch = &fixture.batch;
        assert_int_equal(batch->token_count, 5); /* [CLS] a [SEP] b [SEP] */
        assert_int_equal(batch->next_sentence_labels[0], 1);
        for (int i = 0; i < batch->masked_count; i++)
            batch->tokens[batch->masked_positions[i]] = batch->masked_labels[i];
        seen[batch->tokens[1] - 10][batch->tokens[3] - 10]++;
    }
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++)
            assert_int_equal(seen[a][b] > 20, a != b);
    room_close(&fixture);
}

/* ------------------------------------------------------------------------------------ prefetch */

/* Eight samples per batch, from the sample number in the context on. */
static prefetch_range eight(const void *context, uint64_t number)
{
    return (prefetch_range){*(const uint64_t *)context + 8 * number, 8};
}

static prefetch_range thirty_two(const void *context, uint64_t number)
{
    (void)context;
    return (prefetch_range){32 * number, 32};
}

static void test_prefetch(void **state)
{
    (void)state;
    const uint64_t hundred = 100;
    made_files(prefix, VARIED_VOCABULARY, 40, varied_sentences, varied_tokens);
    fixture fixture;
    room_open(&fixture, VARIED_VOCABULARY, &usual, 8);
    sampler *ahead;
    assert_ok(sampler_create(&ahead, &fixture.data, fixture.tokenizer, &usual, error));
    for (int depth = 1; depth <= 4; depth++) {
        prefetch *prefetch;
        assert_ok(prefetch_start(&prefetch, ahead, eight, &hundred, 0, 8, depth, error));
        for (uint64_t first = 100; first < 900; first += 8) {
            const batch *batch;
            assert_ok(prefetch_next(prefetch, &batch, error));
            assert_ok(sampler_fill(fixture.sampler, first, 8, &fixture.batch, error));
            assert_batches_equal(batch, &fixture.batch);
        }
        prefetch_stop(prefetch);
    }
    for (int taken = 0; taken < 30; taken++) { /* stops at any time */
        prefetch *prefetch;
        const batch *batch;
        assert_ok(prefetch_start(&prefetch, ahead, eight, &hundred, 0, 8, 1 + taken % 3, error));
        for (int i = 0; i < taken; i++)
            assert_ok(prefetch_next(prefetch, &batch, error));
        prefetch_stop(prefetch);
    }
    prefetch_stop(NULL);
    prefetch *prefetch;
    assert_fails(prefetch_start(&prefetch, ahead, eight, &hundred, 0, 0, 1, error),
                 BERT_ERROR_INVALID_ARGUMENT, "0 samples per batch");
    assert_null(prefetch);
    sampler_free(ahead);
    room_close(&fixture);
}

static int million_sentences(int document)
{
    (void)document;
    return 100000;
}

static int twenty_tokens(int document, int sentence)
{
    (void)document;
    (void)sentence;
    return 20;
}

static void test_prefetch_hands_errors_through(void **state)
{
    (void)state;
    /* Ids outside the vocabulary, after the tokens that are checked at the start. */
    enum { WRITTEN_WITH = 2000000 };
    made_files(prefix, WRITTEN_WITH, 1, million_sentences, twenty_tokens);
    sampler_settings settings = usual;
    settings.scheme = &scheme_sentences;
    settings.shuffle = false;
    fixture fixture;
    room_open(&fixture, WRITTEN_WITH / 4 * 3, &settings, 32);
    prefetch *prefetch;
    assert_ok(prefetch_start(&prefetch, fixture.sampler, thirty_two, NULL, 0, 32, 2, error));
    const batch *batch;
    bert_error error;
    int batches = 0;
    while (prefetch_next(prefetch, &batch, &error) == BERT_OK)
        batches++;
    assert_in_range(batches, 300, 600); /* three quarters of 2,000,000 tokens */
    assert_non_null(strstr(error.message, "the vocabulary has 1500000 ids"));
    assert_int_equal(error.status, BERT_ERROR_INPUT);
    assert_int_equal(prefetch_next(prefetch, &batch, &error), BERT_ERROR_INPUT);
    prefetch_stop(prefetch);
    room_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pairs_are_what_they_say, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_single_segments, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_any_sample_by_its_number, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_threads_do_not_matter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_errors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_to_mask, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_empty_documents, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_prefetch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_prefetch_hands_errors_through, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
