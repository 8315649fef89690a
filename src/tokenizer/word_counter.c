#include "tokenizer/word_counter.h"

#include "base/memory.h"
#include "base/observer.h"
#include "tokenizer/words.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_BYTES = 1 << 18,      /* unit of work of a thread; cut at the last white space */
    BLOCK_MAX_BYTES = 64 << 20, /* more than this without white space is not text */
    ROUND_BLOCKS = 32, /* blocks between two checks of memory and observer; a fixed number, so that
                          the result does not depend on threads */
    LOCAL_WORDS =
        1 << 14, /* distinct words that a thread counts before it merges them into the shards */
};

/* ------------------------------------------------------------------------------- reading --- */

/* Reads the stream in blocks of complete words, of about the same size. */
typedef struct block_reader {
    text_stream *stream;
    text_piece piece; /* the part not yet consumed */
    text rest;        /* consumed, but after the last cut */
    bool ended;
    int blocks_left; /* left in the round */
} block_reader;

static size_t last_white_space(const char *data, size_t length)
{
    while (length && data[length - 1] != '\n' && data[length - 1] != ' ')
        length--;
    return length;
}

/* Appends up to `limit` bytes of the stream, so that the cuts between blocks do not depend on the
 * pieces of the stream. */
static bert_status take_text(block_reader *r, text *block, size_t limit, bert_error *error)
{
    if (r->piece.length == 0) {
        TRY(r->stream->next(r->stream->context, &r->piece, error));
        r->ended = r->piece.length == 0;
        if (r->ended)
            return BERT_OK;
    }
    size_t taken = r->piece.length < limit ? r->piece.length : limit;
    TRY(text_append(block, r->piece.text, taken, error));
    r->piece.text += taken;
    r->piece.length -= taken;
    if (r->piece.length == 0 && !r->piece.continues)
        return text_append(block, "\n", 1, error);
    return BERT_OK;
}

/* Fills the block with complete words. Its length is 0 at the end of the round or the stream. */
static bert_status read_block(block_reader *r, text *block, bert_error *error)
{
    text_clear(block);
    if (r->blocks_left == 0)
        return BERT_OK;
    TRY(text_append(block, r->rest.data, r->rest.length, error));
    text_clear(&r->rest);
    size_t cut = 0;
    for (size_t wanted = BLOCK_BYTES; cut == 0 && !r->ended; wanted *= 2) {
        while (block->length < wanted && !r->ended)
            TRY(take_text(r, block, wanted - block->length, error));
        cut = r->ended ? 0 : last_white_space(block->data, block->length);
        if (cut == 0 && block->length > BLOCK_MAX_BYTES)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: no space or newline in %d MiB, so this is not text",
                             r->stream->name ? r->stream->name : "the text", BLOCK_MAX_BYTES >> 20);
    }
    if (cut > 0) {
        TRY(text_append(&r->rest, block->data + cut, block->length - cut, error));
        block->length = cut;
    }
    r->blocks_left -= block->length > 0;
    return BERT_OK;
}

/* ------------------------------------------------------------------------------ counting --- */

typedef struct counter {
    word_counts *counts;
    pthread_mutex_t *locks; /* [WORD_SHARDS] */
    word_table local;
    uint64_t words;
    bert_error *error;
} counter;

static int shard_of(const word_table *table, const word_count *word)
{
    size_t length;
    const unsigned char *bytes = word_bytes(table, word, &length);
    return (int)(word_hash(bytes, length) >> 58);
}

/* Merges a thread's counts into the shards, shard by shard. */
static bert_status merge_counts(counter *c)
{
    word_table *local = &c->local;
    uint32_t *order;
    size_t starts[WORD_SHARDS + 1] = {0};
    bert_status status = BERT_OK;
    TRY(memory_array((void **)&order, local->count, sizeof *order, "words", c->error));
    for (size_t i = 0; i < local->count; i++)
        starts[shard_of(local, &local->words[i]) + 1]++;
    for (int s = 0; s < WORD_SHARDS; s++)
        starts[s + 1] += starts[s];
    size_t next[WORD_SHARDS];
    memcpy(next, starts, sizeof next);
    for (size_t i = 0; i < local->count; i++)
        order[next[shard_of(local, &local->words[i])]++] = (uint32_t)i;
    for (int s = 0; s < WORD_SHARDS && status == BERT_OK; s++) {
        pthread_mutex_lock(&c->locks[s]);
        for (size_t k = starts[s]; k < starts[s + 1] && status == BERT_OK; k++) {
            const word_count *word = &local->words[order[k]];
            size_t length;
            const unsigned char *bytes = word_bytes(local, word, &length);
            status = word_table_add(&c->counts->shards[s], bytes, length, word_hash(bytes, length),
                                    word->count, c->error);
        }
        pthread_mutex_unlock(&c->locks[s]);
    }
    free(order);
    word_table_clear(local);
    return status;
}

static bert_status count_word(counter *c, const unsigned char *bytes, size_t length)
{
    c->words++;
    if (c->local.count >= LOCAL_WORDS)
        TRY(merge_counts(c));
    return word_table_add(&c->local, bytes, length, word_hash(bytes, length), 1, c->error);
}

static bert_status count_read_word(void *context, const word_reader *r)
{
    return count_word(context, r->bytes, r->length);
}

static bert_status count_block(counter *c, word_reader *r, const text *block)
{
    const normalizer *n = r->normalizer;
    unsigned char folded[256];
    const unsigned char *data = (const unsigned char *)block->data;
    r->text = data;
    r->end = block->length;
    for (size_t position = 0; position < block->length;) {
        unsigned char byte = data[position];
        if (n->kinds[byte] == CHARACTER_SPACE) {
            position++;
        } else if (n->kinds[byte] == CHARACTER_ALONE) {
            TRY(count_word(c, &byte, 1));
            position++;
        } else {
            size_t length = 0, i = position;
            while (i < block->length && length < sizeof folded && n->fold[data[i]])
                folded[length++] = n->fold[data[i++]];
            if (length && word_reader_at_border(r, i)) {
                TRY(count_word(c, folded, length));
                position = i;
            } else {
                TRY(word_reader_stretch(r, &position));
            }
        }
    }
    return BERT_OK;
}

/* ---------------------------------------------------------------------------- all of it --- */

typedef struct worker {
    counter counter;
    word_reader words;
    text block;
    bert_status status;
    bert_error error;
} worker;

typedef struct job {
    word_counts *counts;
    block_reader reader;
    pthread_mutex_t reading;
    pthread_mutex_t locks[WORD_SHARDS];
    worker *workers;
    int threads;
} job;

static bert_status work(job *j, worker *w)
{
    for (;;) {
        pthread_mutex_lock(&j->reading);
        bert_status status = read_block(&j->reader, &w->block, &w->error);
        if (status != BERT_OK)
            j->reader.blocks_left = 0; /* stops the other threads */
        pthread_mutex_unlock(&j->reading);
        TRY(status);
        if (w->block.length == 0)
            return merge_counts(&w->counter);
        TRY(count_block(&w->counter, &w->words, &w->block));
    }
}

static bert_status run_round(job *j, bert_error *error)
{
    j->reader.blocks_left = ROUND_BLOCKS;
#pragma omp parallel for num_threads(j->threads) schedule(static, 1)
    for (int i = 0; i < j->threads; i++)
        j->workers[i].status = work(j, &j->workers[i]);
    for (int i = 0; i < j->threads; i++) {
        if (j->workers[i].status == BERT_OK)
            continue;
        if (error)
            *error = j->workers[i].error;
        return j->workers[i].status;
    }
    return BERT_OK;
}

uint64_t word_counts_learning_bytes(uint64_t distinct, uint64_t bytes)
{
    /* The word table with its growth factor, then symbols and occurrences of pairs. */
    return distinct * (2 * sizeof(word_count) + 16) + bytes * (2 + 4 + 8);
}

static void measure(word_counts *c, uint64_t *bytes)
{
    c->distinct = *bytes = 0;
    for (int s = 0; s < WORD_SHARDS; s++) {
        c->distinct += c->shards[s].count;
        *bytes += c->shards[s].byte_count;
    }
}

/* Drops words of increasing frequency until the rest needs at most half of the memory. */
static bert_status prune(word_counts *c, uint64_t memory, bert_error *error)
{
    uint64_t bytes;
    measure(c, &bytes); /* also for c->distinct */
    if (memory == 0 || word_counts_learning_bytes(c->distinct, bytes) <= memory)
        return BERT_OK;
    for (uint64_t limit = 1; c->distinct; limit++) {
        for (int s = 0; s < WORD_SHARDS; s++)
            TRY(word_table_prune(&c->shards[s], limit, &c->pruned_words, &c->pruned_occurrences,
                                 error));
        measure(c, &bytes);
        if (word_counts_learning_bytes(c->distinct, bytes) <= memory / 2) {
            c->pruned_error += limit;
            return BERT_OK;
        }
    }
    return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                     "%llu bytes of memory are too few for any words; increase the memory limit",
                     (unsigned long long)memory);
}

static void sum_words(job *j)
{
    word_counts *c = j->counts;
    c->words = 0;
    for (int i = 0; i < j->threads; i++)
        c->words += j->workers[i].counter.words;
}

static bert_status run(job *j, uint64_t memory, const bert_observer *observer, bert_error *error)
{
    while (!j->reader.ended) {
        TRY(run_round(j, error));
        sum_words(j);
        TRY(prune(j->counts, memory, error));
        observer_progress(observer, &(bert_progress){.job = "train-tokenizer",
                                                     .unit = "byte",
                                                     .done = j->reader.stream->bytes,
                                                     .total = j->reader.stream->total_bytes,
                                                     .epoch = __builtin_nan(""),
                                                     .loss = __builtin_nan(""),
                                                     .learning_rate = __builtin_nan(""),
                                                     .tokens_per_second = __builtin_nan(""),
                                                     .seconds_left = __builtin_nan("")});
        if (observer_should_stop(observer)) {
            j->counts->stopped = true;
            return BERT_OK;
        }
    }
    return BERT_OK;
}

bert_status word_counts_read(word_counts *counts, text_stream *stream, const normalizer *normalizer,
                             int threads, uint64_t memory, const bert_observer *observer,
                             bert_error *error)
{
    job j = {.counts = counts,
             .reader = {.stream = stream},
             .reading = PTHREAD_MUTEX_INITIALIZER,
             .threads = threads};
    TRY(memory_array((void **)&j.workers, (size_t)threads, sizeof *j.workers, "threads", error));
    for (int s = 0; s < WORD_SHARDS; s++)
        pthread_mutex_init(&j.locks[s], NULL);
    for (int i = 0; i < threads; i++) {
        worker *w = &j.workers[i];
        w->counter = (counter){.counts = counts, .locks = j.locks, .error = &w->error};
        w->words = (word_reader){.normalizer = normalizer,
                                 .max_characters = SIZE_MAX,
                                 .error = &w->error,
                                 .word = count_read_word,
                                 .context = &w->counter};
    }
    bert_status status = run(&j, memory, observer, error);
    for (int i = 0; i < threads; i++) {
        word_table_free(&j.workers[i].counter.local);
        word_reader_free(&j.workers[i].words);
        text_free(&j.workers[i].block);
    }
    for (int s = 0; s < WORD_SHARDS; s++)
        pthread_mutex_destroy(&j.locks[s]);
    text_free(&j.reader.rest);
    free(j.workers);
    return status;
}

void word_counts_free(word_counts *c)
{
    for (int s = 0; s < WORD_SHARDS; s++)
        word_table_free(&c->shards[s]);
}
