#include "dataset/prepare.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Buffers that a huge document made larger than this are freed. */
enum { BUFFER_KEPT = 4 << 20 };

void text_chunk_free(text_chunk *chunk)
{
    text_free(&chunk->text);
    free(chunk->documents);
    free(chunk->ids);
    free(chunk->sentence_ends);
    *chunk = (struct text_chunk){0};
}

void text_chunk_clear(text_chunk *chunk)
{
    if (chunk->text.capacity > BUFFER_KEPT || chunk->id_capacity > BUFFER_KEPT / sizeof(int32_t))
        text_chunk_free(chunk);
    text_clear(&chunk->text);
    chunk->document_count = chunk->id_count = chunk->sentence_count = 0;
    chunk->unknown_tokens = 0;
    chunk->status = BERT_OK;
}

bert_status text_chunk_add_document(text_chunk *chunk, const document *document,
                                    sentence_borders borders, uint64_t number, bert_error *error)
{
    TRY(text_append(&chunk->text, document->data, document->length, error));
    TRY(memory_grow((void **)&chunk->documents, &chunk->document_capacity,
                    chunk->document_count + 1, sizeof *chunk->documents, "documents", error));
    chunk->documents[chunk->document_count++] =
        (text_document){.number = number, .text_end = chunk->text.length, .borders = borders};
    return BERT_OK;
}

static bert_status add_sentence(text_chunk *chunk, const bert_tokenizer *tokenizer,
                                const bert_encoding *encoding, bert_error *error)
{
    if (encoding->count == 0)
        return BERT_OK;
    TRY(memory_grow((void **)&chunk->ids, &chunk->id_capacity, chunk->id_count + encoding->count,
                    sizeof *chunk->ids, "token ids", error));
    TRY(memory_grow((void **)&chunk->sentence_ends, &chunk->sentence_capacity,
                    chunk->sentence_count + 1, sizeof *chunk->sentence_ends, "sentences", error));
    int32_t unknown = tokenizer_special(tokenizer).unk;
    int32_t *ids = &chunk->ids[chunk->id_count];
    for (size_t i = 0; i < encoding->count; i++) {
        ids[i] = encoding->ids[i];
        chunk->unknown_tokens += ids[i] == unknown;
    }
    chunk->id_count += encoding->count;
    chunk->sentence_ends[chunk->sentence_count++] = chunk->id_count;
    return BERT_OK;
}

/* Encodes a sentence and adds it to the chunk. */
static bert_status encode_sentence(text_chunk *chunk, const bert_tokenizer *tokenizer,
                                   text_worker *worker, const char *text, size_t length,
                                   bert_error *error)
{
    worker->encoding.count = 0;
    TRY(text_encoder_append(worker->encoder, text, length, false, 0, &worker->encoding, error));
    return add_sentence(chunk, tokenizer, &worker->encoding, error);
}

static bert_status add_lines(text_chunk *chunk, const bert_tokenizer *tokenizer,
                             text_worker *worker, const char *text, size_t length,
                             bert_error *error)
{
    for (size_t at = 0; at < length;) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t size = end ? (size_t)(end - text) - at : length - at;
        TRY(encode_sentence(chunk, tokenizer, worker, text + at, size, error));
        at += size + 1;
    }
    return BERT_OK;
}

static bert_status add_sentences(text_chunk *chunk, const bert_tokenizer *tokenizer,
                                 text_worker *worker, const char *text, size_t length,
                                 bert_error *error)
{
    sentences_start(worker->sentences, text, length);
    for (;;) {
        size_t start, end;
        bool found;
        TRY(sentences_next(worker->sentences, &start, &end, &found, error));
        if (!found)
            return BERT_OK;
        TRY(encode_sentence(chunk, tokenizer, worker, text + start, end - start, error));
    }
}

static bert_status add_text(text_chunk *chunk, const bert_tokenizer *tokenizer,
                            sentence_borders borders, text_worker *worker, const char *text,
                            size_t length, bert_error *error)
{
    switch (borders) {
    case SENTENCES_ARE_LINES:
        return add_lines(chunk, tokenizer, worker, text, length, error);
    case SENTENCE_IS_DOCUMENT:
        return encode_sentence(chunk, tokenizer, worker, text, length, error);
    default:
        return add_sentences(chunk, tokenizer, worker, text, length, error);
    }
}

static bert_status process(text_chunk *chunk, const bert_tokenizer *tokenizer, uint64_t seed,
                           text_worker *worker, bert_error *error)
{
    size_t text_start = 0;
    for (size_t i = 0; i < chunk->document_count; i++) {
        text_document *document = &chunk->documents[i];
        const char *text = chunk->text.data + text_start;
        size_t length = document->text_end - text_start;
        text_start = document->text_end;
        document->hash = XXH3_64bits_withSeed(text, length, seed);
        document->first_sentence = chunk->sentence_count;
        TRY(add_text(chunk, tokenizer, document->borders, worker, text, length, error));
        document->count = chunk->sentence_count - document->first_sentence;
    }
    return BERT_OK;
}

void text_chunk_process(text_chunk *chunk, const bert_tokenizer *tokenizer, uint64_t seed,
                        text_worker *worker)
{
    chunk->status = process(chunk, tokenizer, seed, worker, &chunk->error);
}
