#include "tokenizer/word_counter.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/observer.h"
#include "tokenizer/words.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BLOCK_BYTES = 1 << 20,      /* what a thread reads at once; cut at the last white space */
    BLOCK_MAX_BYTES = 64 << 20, /* more than this without white space is no text */
    ROUND_BLOCKS = 8,           /* between two looks at memory and observer: not a time, so that
                                 * the result does not depend on threads */
    LOCAL_WORDS = 1 << 15,      /* distinct words that a thread gathers before it hands them on */
};

/* ------------------------------------------------------------------------------- reading --- */

/* The inputs as one stream of blocks; a file's end is a block's end. */
typedef struct block_reader {
    const char *const *inputs;
    size_t input_count, next_input;
    int descriptor;      /* -1: none open */
    unsigned char *rest; /* read, but behind the last cut */
    size_t rest_length, rest_capacity;
    uint64_t bytes, file_bytes; /* read so far: in all, of this file */
    int blocks_left;            /* of the round */
} block_reader;

typedef struct block {
    unsigned char *data;
    size_t length, capacity;
} block;

static size_t last_white_space(const unsigned char *data, size_t length)
{
    while (length && data[length - 1] != '\n' && data[length - 1] != ' ')
        length--;
    return length;
}

/* Appends BLOCK_BYTES, less only at the file's end: where blocks are cut does not depend on what a
 * pipe gives at once. */
static bert_status read_piece(block_reader *r, block *b, bool *end, bert_error *error)
{
    TRY(memory_grow((void **)&b->data, &b->capacity, b->length + BLOCK_BYTES, 1, "text", error));
    size_t wanted = BLOCK_BYTES;
    while (wanted > 0) {
        ssize_t got = read(r->descriptor, b->data + b->length, wanted);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(error, errno, "%s: cannot read at byte %llu",
                                   r->inputs[r->next_input], (unsigned long long)r->file_bytes);
        if (got == 0)
            break;
        b->length += (size_t)got;
        r->bytes += (uint64_t)got;
        r->file_bytes += (uint64_t)got;
        wanted -= (size_t)got;
    }
    *end = wanted > 0;
    return BERT_OK;
}

static bert_status open_next(block_reader *r, bert_error *error)
{
    const char *path = r->inputs[r->next_input];
    r->descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (r->descriptor < 0)
        return error_set_errno(error, errno, "%s: cannot open", path);
    r->file_bytes = 0;
    return BERT_OK;
}

/* Fills the block with whole words. Its length is 0 at the end of the round or of all input. */
static bert_status read_block(block_reader *r, block *b, bert_error *error)
{
    b->length = 0;
    while (r->blocks_left > 0 && r->next_input < r->input_count) {
        if (r->descriptor < 0)
            TRY(open_next(r, error));
        if (b->length == 0 && r->rest_length) {
            TRY(memory_grow((void **)&b->data, &b->capacity, r->rest_length, 1, "text", error));
            memcpy(b->data, r->rest, r->rest_length);
            b->length = r->rest_length;
            r->rest_length = 0;
        }
        bool end = false;
        TRY(read_piece(r, b, &end, error));
        size_t cut = b->length;
        if (!end) {
            cut = last_white_space(b->data, b->length);
            if (cut == 0 && b->length > BLOCK_MAX_BYTES)
                return error_set(error, BERT_ERROR_INPUT,
                                 "%s: no space or line end in %d MiB before byte %llu, so this is "
                                 "no text",
                                 r->inputs[r->next_input], BLOCK_MAX_BYTES >> 20,
                                 (unsigned long long)r->file_bytes);
            if (cut == 0)
                continue;
            size_t rest = b->length - cut;
            if (rest) {
                TRY(memory_grow((void **)&r->rest, &r->rest_capacity, rest, 1, "text", error));
                memcpy(r->rest, b->data + cut, rest);
                r->rest_length = rest;
            }
        } else {
            close(r->descriptor);
            r->descriptor = -1;
            r->next_input++;
        }
        b->length = cut;
        if (cut) {
            r->blocks_left--;
            return BERT_OK;
        }
    }
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
    return (int)(word_hash(table->bytes + word->start, word->length) >> 58);
}

/* Moves a thread's counts to the shards, shard by shard. */
static bert_status hand_on(counter *c)
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
            const unsigned char *bytes = local->bytes + word->start;
            status = word_table_add(&c->counts->shards[s], bytes, word->length,
                                    word_hash(bytes, word->length), word->count, c->error);
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
        TRY(hand_on(c));
    return word_table_add(&c->local, bytes, length, word_hash(bytes, length), 1, c->error);
}

static bert_status count_read_word(void *context, const word_reader *r)
{
    return count_word(context, r->bytes, r->length);
}

static bert_status count_block(counter *c, word_reader *r, const block *b)
{
    const normalizer *n = r->normalizer;
    unsigned char folded[256];
    r->text = b->data;
    r->end = b->length;
    for (size_t position = 0; position < b->length;) {
        unsigned char byte = b->data[position];
        if (n->kinds[byte] == CHARACTER_SPACE) {
            position++;
        } else if (n->kinds[byte] == CHARACTER_ALONE) {
            TRY(count_word(c, &byte, 1));
            position++;
        } else {
            size_t length = 0, i = position;
            while (i < b->length && length < sizeof folded && n->fold[b->data[i]])
                folded[length++] = n->fold[b->data[i++]];
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
    block block;
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
            j->reader.blocks_left = 0; /* the others need not go on */
        pthread_mutex_unlock(&j->reading);
        TRY(status);
        if (w->block.length == 0)
            return hand_on(&w->counter);
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
    /* The table with doubling to spare, then symbols and the places of each pair. */
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

/* Drops ever more frequent words until those that remain leave room for as many new ones. */
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
    return error_set(error, BERT_ERROR_USAGE,
                     "%llu bytes of memory hold none of the words: give training more",
                     (unsigned long long)memory);
}

static uint64_t total_bytes(const char *const *inputs, size_t count)
{
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        struct stat information;
        if (stat(inputs[i], &information) != 0 || !S_ISREG(information.st_mode))
            return 0; /* a pipe: the end is not known */
        total += (uint64_t)information.st_size;
    }
    return total;
}

static void gather(job *j)
{
    word_counts *c = j->counts;
    c->bytes = j->reader.bytes;
    c->words = c->invalid_bytes = 0;
    for (int i = 0; i < j->threads; i++) {
        c->words += j->workers[i].counter.words;
        c->invalid_bytes += j->workers[i].words.invalid_bytes;
    }
}

static bert_status run(job *j, uint64_t memory, const bert_observer *observer, bert_error *error)
{
    uint64_t total = total_bytes(j->reader.inputs, j->reader.input_count);
    while (j->reader.next_input < j->reader.input_count) {
        TRY(run_round(j, error));
        gather(j);
        TRY(prune(j->counts, memory, error));
        observer_progress(observer, &(bert_progress){.job = "train-tokenizer",
                                                     .unit = "byte",
                                                     .done = j->counts->bytes,
                                                     .total = total,
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

bert_status word_counts_read(word_counts *counts, const char *const *inputs, size_t input_count,
                             const normalizer *normalizer, int threads, uint64_t memory,
                             const bert_observer *observer, bert_error *error)
{
    job j = {.counts = counts,
             .reader = {.inputs = inputs, .input_count = input_count, .descriptor = -1},
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
        free(j.workers[i].block.data);
    }
    for (int s = 0; s < WORD_SHARDS; s++)
        pthread_mutex_destroy(&j.locks[s]);
    if (j.reader.descriptor >= 0)
        close(j.reader.descriptor);
    free(j.reader.rest);
    free(j.workers);
    return status;
}

void word_counts_free(word_counts *c)
{
    for (int s = 0; s < WORD_SHARDS; s++)
        word_table_free(&c->shards[s]);
}
