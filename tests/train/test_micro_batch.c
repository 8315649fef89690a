#include "testing.h"

#include "base/random.h"
#include "train/micro_batch.h"

enum { SEQUENCES = 40, LONGEST = 50, MOST_MASKED = 6 };

/* Sequences of 1 to LONGEST tokens, each with up to MOST_MASKED predictions, none in some. */
static void make_batch(batch *batch)
{
    random_stream stream = random_stream_start(1, RANDOM_TEST, 0, 0);
    assert_ok(batch_create(batch, SEQUENCES * LONGEST, SEQUENCES, SEQUENCES * MOST_MASKED, error));
    batch->sequence_count = SEQUENCES;
    for (int i = 0; i < SEQUENCES; i++) {
        int length = 1 + (int)random_below(&stream, LONGEST), start = batch->token_count;
        batch->sequence_starts[i] = start;
        batch->sample_numbers[i] = 1000 + (uint64_t)i;
        batch->next_sentence_labels[i] = (uint8_t)(i % 2);
        int masked = (int)random_below(&stream, MOST_MASKED + 1);
        for (int j = 0; j < length; j++) {
            batch->tokens[start + j] = start + j; /* tells where it came from */
            batch->token_types[start + j] = (uint8_t)(j % 2);
            if (j < masked) {
                batch->masked_positions[batch->masked_count] = start + j;
                batch->masked_labels[batch->masked_count++] = start + j;
            }
        }
        batch->token_count += length;
    }
    batch->sequence_starts[SEQUENCES] = batch->token_count;
    static int32_t labels[SEQUENCES];
    for (int i = 0; i < SEQUENCES; i++)
        labels[i] = i;
    batch->labels = labels;
}

static void cut(micro_batches *micro_batches, const batch *batch, int sequences, int tokens)
{
    assert_ok(micro_batches_create(micro_batches,
                                   &(micro_batch_limits){.sequences = sequences,
                                                         .tokens = tokens,
                                                         .max_seq_length = LONGEST,
                                                         .max_masked = MOST_MASKED,
                                                         .batch_sequences = SEQUENCES},
                                   error));
    micro_batches_cut(micro_batches, batch);
}

/* Every micro-batch keeps the limits, and all of them together are the batch. */
static void check_cut(const batch *batch, int sequences, int tokens)
{
    micro_batches micro_batches;
    cut(&micro_batches, batch, sequences, tokens);
    model_limits limits = micro_batches_limits(&micro_batches, true);
    int token_count = 0, sequence_count = 0, masked_count = 0;
    for (int m = 0; m < micro_batches.count; m++) {
        model_input input = micro_batches.inputs[m];
        assert_in_range(input.token_count, 1, limits.tokens);
        assert_in_range(input.sequence_count, 1, limits.sequences);
        assert_in_range(input.masked_count, 0, limits.masked);
        assert_int_equal(input.sequence_starts[0], 0);
        assert_int_equal(input.sequence_starts[input.sequence_count], input.token_count);
        for (int i = 0; i < input.sequence_count; i++) {
            assert_int_equal(input.sample_numbers[i], 1000 + sequence_count + i);
            assert_int_equal(input.next_sentence_labels[i], (sequence_count + i) % 2);
            assert_int_equal(input.labels[i], sequence_count + i);
            assert_int_equal(input.tokens[input.sequence_starts[i]],
                             batch->sequence_starts[sequence_count + i]);
        }
        for (int i = 0; i < input.masked_count; i++)
            assert_int_equal(input.tokens[input.masked_positions[i]], input.masked_labels[i]);
        assert_null(input.targets);
        token_count += input.token_count;
        sequence_count += input.sequence_count;
        masked_count += input.masked_count;
    }
    assert_int_equal(token_count, batch->token_count);
    assert_int_equal(sequence_count, batch->sequence_count);
    assert_int_equal(masked_count, batch->masked_count);
    micro_batches_free(&micro_batches);
}

static void test_micro_batches_are_the_batch(void **state)
{
    (void)state;
    batch batch;
    make_batch(&batch);
    const int sequences[] = {1, 2, 7, SEQUENCES, SEQUENCES + 1};
    const int tokens[] = {1, LONGEST, LONGEST + 1, 128, 100000};
    for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++)
        for (size_t j = 0; j < sizeof tokens / sizeof *tokens; j++)
            check_cut(&batch, sequences[i], tokens[j]);
    batch_free(&batch);
}

static void test_micro_batches_are_filled(void **state)
{
    (void)state;
    batch batch;
    make_batch(&batch);
    micro_batches micro_batches;
    cut(&micro_batches, &batch, SEQUENCES, 200);
    assert_true(micro_batches.count > 2);
    for (int m = 0; m + 1 < micro_batches.count; m++) /* the next sequence would not have fitted */
        assert_true(micro_batches.inputs[m].token_count +
                        micro_batches.inputs[m + 1].sequence_starts[1] >
                    200);
    micro_batches_free(&micro_batches);
    batch_free(&batch);
}

static void test_empty_batch(void **state)
{
    (void)state;
    micro_batches micro_batches;
    batch batch;
    assert_ok(batch_create(&batch, 1, 1, 0, error));
    cut(&micro_batches, &batch, 4, 200);
    assert_int_equal(micro_batches.count, 0);
    micro_batches_free(&micro_batches);
    batch_free(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_micro_batches_are_the_batch),
        cmocka_unit_test(test_micro_batches_are_filled),
        cmocka_unit_test(test_empty_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
