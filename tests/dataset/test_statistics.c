/* The proportions stated in the paper, on BERT_TEST_SAMPLES samples, by default 100,000
 * (million-samples runs it with a million). The seed is fixed; another seed would exceed a bound
 * once in a million times. */
#include "made_folder.h"

static uint64_t sample_count(void)
{
    const char *wanted = getenv("BERT_TEST_SAMPLES");
    return wanted ? strtoull(wanted, NULL, 10) : 100000;
}

/* Chi-square test of counts against expected shares; `bound` is the quantile 1 - 10^-6 for its
 * degrees of freedom. */
static void assert_shares(const char *what, const uint64_t *counts, const double *shares, int cells,
                          double bound)
{
    double total = 0, chi_square = 0;
    for (int i = 0; i < cells; i++)
        total += (double)counts[i];
    for (int i = 0; i < cells; i++)
        chi_square += pow((double)counts[i] - total * shares[i], 2) / (total * shares[i]);
    print_message("%s: chi-square %.2f (below %.1f) of %.0f\n", what, chi_square, bound, total);
    if (!(chi_square < bound))
        fail_msg("%s: chi-square %.2f, expected below %.1f", what, chi_square, bound);
}

static const double even[] = {0.5, 0.5};
/* That quantile for 1, 2 and 9 degrees of freedom. */
static const double one_degree = 23.9, two_degrees = 27.6, nine_degrees = 46.6;

enum { DECILES = 10 };

typedef struct statistics {
    uint64_t labels[2], lengths[2],
        splits[2];     /* B follows or random; full or short; A below half */
    uint64_t kinds[3]; /* [MASK], random token, unchanged */
    uint64_t replacements[DECILES], places[DECILES];
    uint64_t text_tokens, masked;
} statistics;

static void count_sample(statistics *sums, const batch *batch, int sample)
{
    int start = batch->sequence_starts[sample], end = batch->sequence_starts[sample + 1];
    int label = batch->next_sentence_labels[sample];
    sums->labels[label]++;
    sums->text_tokens += (uint64_t)(end - start - 3);
    if (label == 1) /* random B: the length of its chunk is unknown */
        return;
    sums->lengths[end - start < 128]++;
    int in_a = -2;
    for (int i = start; i < end; i++)
        in_a += batch->token_types[i] == 0;
    if (end - start == 128) /* A has 1 to 124 of the 125 sentences */
        sums->splits[in_a > 62]++;
}

static void count_masks(statistics *sums, const batch *batch, int32_t mask)
{
    int sample = 0;
    for (int i = 0; i < batch->masked_count; i++) {
        int position = batch->masked_positions[i];
        while (batch->sequence_starts[sample + 1] <= position)
            sample++;
        int start = batch->sequence_starts[sample];
        int32_t now = batch->tokens[position], was = batch->masked_labels[i];
        sums->masked++;
        sums->kinds[now == mask ? 0 : now == was ? 2 : 1]++;
        if (now != mask && now != was)
            sums->replacements[(now - MADE_FIRST_ID) / 100]++;
        /* Positions 1 to 10, which exist in every full sample, are masked equally often. */
        if (batch->sequence_starts[sample + 1] - start == 128 && position - start <= DECILES &&
            batch->token_types[start + DECILES + 1] == 0)
            sums->places[position - start - 1]++;
    }
}

/* So long that the short chunks at the ends of documents are negligible. */
static int very_long_documents(int document)
{
    return 400000 + document;
}

static void test_segment_pairs(void **state)
{
    (void)state;
    made_files(prefix, LONG_VOCABULARY, LONG_DOCUMENTS, very_long_documents, one_token);
    fixture fixture;
    room_open(&fixture, LONG_VOCABULARY, &usual, 100);
    int32_t mask = tokenizer_special(fixture.tokenizer).mask;
    statistics sums = {0};
    for (uint64_t first = 0; first < sample_count(); first += 100) {
        assert_ok(sampler_fill(fixture.sampler, first, 100, &fixture.batch, error));
        for (int i = 0; i < 100; i++)
            count_sample(&sums, &fixture.batch, i);
        count_masks(&sums, &fixture.batch, mask);
    }
    /* A short target is uniform in [2, 125], so one in 124 is full. */
    const double short_share = 0.1 * 123 / 124, lengths[] = {1 - short_share, short_share};
    const double kinds[] = {0.8, 0.1 * 999 / 1000, 0.1 + 0.1 / 1000};
    const double tenths[] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
    assert_shares("random B", sums.labels, even, 2, one_degree);
    assert_shares("short samples", sums.lengths, lengths, 2, one_degree);
    assert_shares("the cut", sums.splits, even, 2, one_degree);
    assert_shares("80/10/10", sums.kinds, kinds, 3, two_degrees);
    assert_shares("replacements", sums.replacements, tenths, DECILES, nine_degrees);
    assert_shares("places", sums.places, tenths, DECILES, nine_degrees);
    double share = (double)sums.masked / (double)sums.text_tokens;
    print_message("masked: %.5f\n", share);
    assert_true(fabs(share - 0.15) <
                0.003); /* the number of predictions is rounded in every sample */
    room_close(&fixture);
}

/* A random B is uniform over the other documents, so also over their thirds. Excluding A's document
 * changes the shares by less than 1/300. */
static void test_other_document_is_uniform(void **state)
{
    (void)state;
    made_files(prefix, VARIED_VOCABULARY, VARIED_DOCUMENTS, varied_sentences, varied_tokens);
    static const sample_scheme *const schemes[] = {&scheme_segment_pairs, &scheme_sentence_pairs};
    for (size_t i = 0; i < 2; i++) {
        sampler_settings settings = usual;
        settings.scheme = schemes[i];
        fixture fixture;
        room_open(&fixture, VARIED_VOCABULARY, &settings, 1);
        uint64_t from[3] = {0}, total = 0;
        for (uint64_t number = 0; number < sample_count() / 5; number++) {
            assert_ok(sampler_fill(fixture.sampler, number, 1, &fixture.batch, error));
            const batch *batch = &fixture.batch;
            if (batch->next_sentence_labels[0] == 0)
                continue;
            for (int j = 0; j < batch->masked_count; j++)
                batch->tokens[batch->masked_positions[j]] = batch->masked_labels[j];
            from[document_of_id(&fixture.data, batch->tokens[batch->token_count - 2]) / 100]++;
            total++;
        }
        for (int j = 0; j < 3; j++)
            assert_true(fabs((double)from[j] / (double)total - 1. / 3) < 0.02);
        room_close(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_segment_pairs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_document_is_uniform, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
