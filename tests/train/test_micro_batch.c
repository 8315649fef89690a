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
}

/* Every piece keeps the limits, and all pieces together are the batch. */
static void check_cut(const batch *batch, int sequences, int tokens)
{
    micro_batches splitter;
    assert_ok(micro_batches_create(&splitter, sequences, tokens, LONGEST, MOST_MASKED, error));
    model_limits limits = micro_batches_limits(&splitter, true);
    micro_batch_cursor place = {0};
    model_input piece;
    int token_count = 0, sequence_count = 0, masked_count = 0;
    while (micro_batches_next(&splitter, batch, &place, &piece)) {
        assert_in_range(piece.token_count, 1, limits.tokens);
        assert_in_range(piece.sequence_count, 1, limits.sequences);
        assert_in_range(piece.masked_count, 0, limits.masked);
        assert_int_equal(piece.sequence_starts[0], 0);
        assert_int_equal(piece.sequence_starts[piece.sequence_count], piece.token_count);
        for (int i = 0; i < piece.sequence_count; i++) {
            assert_int_equal(piece.sample_numbers[i], 1000 + sequence_count + i);
            assert_int_equal(piece.next_sentence_labels[i], (sequence_count + i) % 2);
            assert_int_equal(piece.tokens[piece.sequence_starts[i]],
                             batch->sequence_starts[sequence_count + i]);
        }
        for (int i = 0; i < piece.masked_count; i++)
            assert_int_equal(piece.tokens[piece.masked_positions[i]], piece.masked_labels[i]);
        token_count += piece.token_count;
        sequence_count += piece.sequence_count;
        masked_count += piece.masked_count;
    }
    assert_int_equal(token_count, batch->token_count);
    assert_int_equal(sequence_count, batch->sequence_count);
    assert_int_equal(masked_count, batch->masked_count);
    micro_batches_free(&splitter);
}

static void test_pieces_are_the_batch(void **state)
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

static void test_pieces_are_filled(void **state)
{
    (void)state;
    batch batch;
    make_batch(&batch);
    micro_batches splitter;
    assert_ok(micro_batches_create(&splitter, SEQUENCES, 200, LONGEST, MOST_MASKED, error));
    micro_batch_cursor place = {0};
    model_input piece;
    while (micro_batches_next(&splitter, &batch, &place, &piece))
        if (place.sequence < SEQUENCES) { /* the next sequence would not have fitted */
            int next =
                batch.sequence_starts[place.sequence + 1] - batch.sequence_starts[place.sequence];
            assert_true(piece.token_count + next > 200);
        }
    micro_batches_free(&splitter);
    batch_free(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_are_the_batch),
        cmocka_unit_test(test_pieces_are_filled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
