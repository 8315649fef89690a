/* A sampler over synthetic data. */
#ifndef TESTS_DATASET_MADE_FOLDER_H
#define TESTS_DATASET_MADE_FOLDER_H

#include "made_data.h"

#include "base/threads.h"
#include "dataset/sampler.h"

#include <math.h>

static char directory[256], prefix[300]; /* of the current test */
static int threads_at_start;

static inline int set_up(void **state)
{
    (void)state;
    threads_at_start = threads_count();
    snprintf(directory, sizeof directory, "%s", testing_directory());
    snprintf(prefix, sizeof prefix, "%s/data", directory);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    threads_use(threads_at_start);
    assert_ok(directory_remove(directory, error));
    return 0;
}

/* A sampler with its data, and one batch of up to `count` samples. */
typedef struct fixture {
    dataset data;
    bert_tokenizer *tokenizer;
    sampler *sampler;
    batch batch;
} fixture;

static inline void room_open(fixture *fixture, int vocab_size, const sampler_settings *settings,
                             int count)
{
    assert_ok(dataset_open(&fixture->data, prefix, error));
    fixture->tokenizer = made_tokenizer(directory, vocab_size);
    assert_ok(
        sampler_create(&fixture->sampler, &fixture->data, fixture->tokenizer, settings, error));
    assert_ok(batch_create(&fixture->batch, count * sampler_max_tokens(fixture->sampler), count,
                           count * sampler_max_masked(fixture->sampler), error));
}

static inline void room_close(fixture *fixture)
{
    batch_free(&fixture->batch);
    sampler_free(fixture->sampler);
    bert_tokenizer_free(fixture->tokenizer);
    dataset_close(&fixture->data);
}

static const sampler_settings usual __attribute__((unused)) = {
    .scheme = &scheme_segment_pairs,
    .max_seq_length = 128,
    .short_seq_probability = 0.1,
    .mlm_probability = 0.15,
    .seed = 42,
    .shuffle = true,
};

/* Documents of all sizes, also single sentences, and sentences longer than a sample. */
static inline int varied_sentences(int document)
{
    return document % 7 == 0 ? 1 : 1 + document * 37 % 40;
}

static inline int varied_tokens(int document, int sentence)
{
    if ((document + sentence) % 97 == 0)
        return 300;
    return 1 + (document * 31 + sentence * 17) % 35;
}

enum { VARIED_DOCUMENTS = 300, VARIED_VOCABULARY = 160000 };

static inline uint64_t sentence_of_token(const dataset *data, uint64_t token)
{
    uint64_t low = 0, high = data->sentence_count;
    while (high - low > 1) {
        uint64_t middle = (low + high) / 2;
        if (dataset_token_start(data, middle) <= token)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* The document that an id of the varied data comes from: ids there are unique. */
static inline uint64_t document_of_id(const dataset *data, int32_t id)
{
    return dataset_document_of(data, sentence_of_token(data, (uint64_t)(id - MADE_FIRST_ID)));
}

/* Long documents of one-token sentences: a chunk then has exactly its target length. */
static inline int long_documents(int document)
{
    return 40000 + document;
}

static inline int one_token(int document, int sentence)
{
    (void)document;
    (void)sentence;
    return 1;
}

static inline int one_sentence(int document)
{
    (void)document;
    return 1;
}

enum { LONG_VOCABULARY = 1005, LONG_DOCUMENTS = 5 };

/* Checks that a share of n draws with expectation p is within five standard deviations. */
static inline void assert_share(uint64_t count, uint64_t n, double p)
{
    double share = (double)count / (double)n, deviation = sqrt(p * (1 - p) / (double)n);
    if (!(fabs(share - p) < 5 * deviation))
        fail_msg("%llu of %llu, a share of %.5f; expected %.5f +- %.5f", (unsigned long long)count,
                 (unsigned long long)n, share, p, 5 * deviation);
}

#endif
