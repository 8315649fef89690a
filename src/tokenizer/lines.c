#include "tokenizer/tokenizer.h"

#include "base/memory.h"
#include "base/threads.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 1 << 16, CHUNKS_PER_THREAD = 4 };

/* Some complete lines, and their ids concatenated. */
typedef struct chunk {
    const char *text;
    size_t length;
    bert_encoding ids;
    struct line {
        size_t start, length; /* in `text` */
        size_t end;           /* index after its last id */
        uint64_t invalid_bytes;
    } * lines;
    size_t count, capacity;
    bert_status status;
    bert_error error;
} chunk;

typedef struct job {
    const bert_tokenizer *tokenizer;
    bool add_special_tokens;
    size_t max_length;
    text_encoder **encoders; /* by thread; created on first use */
} job;

static bert_status encode_chunk(const job *j, chunk *c)
{
    text_encoder **encoder = &j->encoders[omp_get_thread_num()];
    if (!*encoder)
        TRY(text_encoder_create(encoder, j->tokenizer, &c->error));
    c->count = c->ids.count = 0;
    for (size_t start = 0; start < c->length;) {
        const char *line = c->text + start;
        const char *end = memchr(line, '\n', c->length - start);
        size_t length = end ? (size_t)(end - line) : c->length - start;
        TRY(memory_grow((void **)&c->lines, &c->capacity, c->count + 1, sizeof *c->lines, "lines",
                        &c->error));
        c->ids.invalid_bytes = 0;
        TRY(text_encoder_append(*encoder, line, length, j->add_special_tokens, j->max_length,
                                &c->ids, &c->error));
        c->lines[c->count++] = (struct line){start, length, c->ids.count, c->ids.invalid_bytes};
        start += length + 1;
    }
    return BERT_OK;
}

/* The length of the next chunk: complete lines of about CHUNK_BYTES. */
static size_t chunk_length(const char *block, size_t length)
{
    if (length <= CHUNK_BYTES)
        return length;
    const char *end = memchr(block + CHUNK_BYTES, '\n', length - CHUNK_BYTES);
    return end ? (size_t)(end - block) + 1 : length;
}

static bert_status call_back(const chunk *c, bert_line_callback *line, void *context,
                             bert_error *error)
{
    size_t first = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct line *l = &c->lines[i];
        bert_encoding view = {.ids = c->ids.ids + first,
                              .type_ids = c->ids.type_ids + first,
                              .starts = c->ids.starts + first,
                              .ends = c->ids.ends + first,
                              .count = l->end - first,
                              .invalid_bytes = l->invalid_bytes};
        if (l->end == 0) /* nothing allocated yet: avoid arithmetic on NULL */
            view = (bert_encoding){.invalid_bytes = l->invalid_bytes};
        TRY(line(context, c->text + l->start, l->length, &view, error));
        first = l->end;
    }
    return BERT_OK;
}

/* Cuts the block into at most `capacity` chunks; returns their number. */
static int cut_chunks(chunk *chunks, int capacity, const char *block, size_t length,
                      size_t *position)
{
    int count = 0;
    while (count < capacity && *position < length) {
        chunk *c = &chunks[count++];
        c->text = block + *position;
        c->length = chunk_length(c->text, length - *position);
        *position += c->length;
    }
    return count;
}

bert_status bert_tokenizer_encode_lines(const bert_tokenizer *tokenizer, const char *block,
                                        size_t length, bool add_special_tokens, size_t max_length,
                                        int threads, bert_line_callback *line, void *context,
                                        bert_error *error)
{
    if (threads < 0)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "threads is %d, expected a positive number, or 0 for all cores", threads);
    int thread_count = threads_resolve(threads), capacity = thread_count * CHUNKS_PER_THREAD;
    chunk *chunks;
    TRY(memory_array((void **)&chunks, (size_t)capacity, sizeof *chunks, "lines", error));
    job j = {tokenizer, add_special_tokens, max_length, NULL};
    bert_status status = memory_array((void **)&j.encoders, (size_t)thread_count,
                                      sizeof(text_encoder *), "threads", error);
    for (size_t position = 0; position < length && status == BERT_OK;) {
        int count = cut_chunks(chunks, capacity, block, length, &position);
#pragma omp parallel for num_threads(thread_count) schedule(dynamic, 1) if (count > 1)
        for (int i = 0; i < count; i++)
            chunks[i].status = encode_chunk(&j, &chunks[i]);
        for (int i = 0; i < count && status == BERT_OK; i++) {
            status = chunks[i].status;
            if (status == BERT_OK)
                status = call_back(&chunks[i], line, context, error);
            else if (error)
                *error = chunks[i].error;
        }
    }
    for (int i = 0; i < capacity; i++) {
        bert_encoding_free(&chunks[i].ids);
        free(chunks[i].lines);
    }
    for (int i = 0; j.encoders && i < thread_count; i++)
        text_encoder_free(j.encoders[i]);
    free(j.encoders);
    free(chunks);
    return status;
}
