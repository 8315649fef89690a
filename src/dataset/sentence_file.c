#include "dataset/sentence_file.h"

#include "dataset/index_format.h"

#include <string.h>
#include <xxhash.h>

uint64_t sentence_file_blocks(uint64_t sentences)
{
    return sentences / SENTENCES_BLOCK + (sentences % SENTENCES_BLOCK > 0);
}

/* ------------------------------------------------------------------------------------ opening */

static uint64_t read_u64(const unsigned char *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

/* The size of a file with these counts, in bytes; false on overflow. */
static bool file_size(uint64_t sentences, uint64_t documents, uint64_t long_count, uint64_t *size)
{
    uint64_t of_documents, of_blocks, of_long;
    return sentences < UINT64_MAX / 2 && documents < UINT64_MAX / 2 &&
           !__builtin_mul_overflow(documents + 1, 8, &of_documents) &&
           !__builtin_mul_overflow(sentence_file_blocks(sentences) + 1, 8, &of_blocks) &&
           !__builtin_mul_overflow(long_count, sizeof(long_sentence), &of_long) &&
           !__builtin_add_overflow(of_documents, of_blocks, size) &&
           !__builtin_add_overflow(*size, of_long, size) &&
           !__builtin_add_overflow(*size, sentences, size) &&
           !__builtin_add_overflow(*size, SENTENCES_HEADER_SIZE + SENTENCES_CHECKSUM_SIZE, size);
}

bert_status sentence_file_parse(shard *shard, bert_error *error)
{
    const unsigned char *bytes = shard->sentences.data;
    size_t size = shard->sentences.size;
    if (size < SENTENCES_HEADER_SIZE || memcmp(bytes, SENTENCES_MAGIC, SENTENCES_MAGIC_SIZE) != 0)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s.sentences: not a sentence file of `bert prepare` (the first bytes are "
                         "not " SENTENCES_MAGIC ")",
                         shard->prefix);
    if (read_u64(bytes + 8) != SENTENCES_VERSION)
        return error_set(error, BERT_ERROR_UNSUPPORTED, "%s.sentences: version %llu, expected 1",
                         shard->prefix, (unsigned long long)read_u64(bytes + 8));
    uint64_t sentences = read_u64(bytes + 16), documents = read_u64(bytes + 24);
    uint64_t tokens = read_u64(bytes + 32), long_count = read_u64(bytes + 40), expected;
    if (!file_size(sentences, documents, long_count, &expected) || expected != size)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s.sentences: %zu bytes do not match its %llu sentences, %llu of them "
                         "long, and %llu documents; the file is truncated or damaged",
                         shard->prefix, size, (unsigned long long)sentences,
                         (unsigned long long)long_count, (unsigned long long)documents);
    if (documents != shard->document_count || documents != shard->sequence_count ||
        tokens != shard->token_count)
        return error_set(
            error, BERT_ERROR_INPUT,
            "%s.sentences: %llu documents and %llu tokens, but %s.idx and .bin have %llu sequences "
            "in %llu documents and %llu tokens; are the files from the same preparation?",
            shard->prefix, (unsigned long long)documents, (unsigned long long)tokens, shard->prefix,
            (unsigned long long)shard->sequence_count, (unsigned long long)shard->document_count,
            (unsigned long long)shard->token_count);
    const unsigned char *at = bytes + SENTENCES_HEADER_SIZE;
    shard->sentence_count = sentences;
    shard->document_starts = (const dataset_int64 *)at;
    at += 8 * (documents + 1);
    /* Aligned: the map begins at a page, and all arrays before the byte array have 8-byte elements.
     */
    shard->block_starts = (const uint64_t *)(const void *)at;
    at += 8 * (sentence_file_blocks(sentences) + 1);
    shard->long_sentences = (const long_sentence *)(const void *)at;
    shard->long_count = long_count;
    shard->short_lengths = at + long_count * sizeof(long_sentence);
    return BERT_OK;
}

/* ------------------------------------------------------------------------------------ looking */

/* The first long sentence at or after `sentence`. */
static uint64_t find_long(const shard *shard, uint64_t sentence)
{
    uint64_t low = 0, high = shard->long_count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (shard->long_sentences[middle].sentence < sentence)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint64_t shard_long_length(const shard *shard, uint64_t sentence)
{
    uint64_t found = find_long(shard, sentence);
    return found < shard->long_count && shard->long_sentences[found].sentence == sentence
               ? shard->long_sentences[found].tokens
               : 0; /* only in unchecked files */
}

/* Number of tokens of the sentences [first, end). */
static uint64_t sum_lengths(const shard *shard, uint64_t first, uint64_t end)
{
    uint32_t sum = 0, long_ones = 0;
    const uint8_t *lengths = shard->short_lengths;
    for (uint64_t i = first; i < end; i++) {
        sum += lengths[i];
        long_ones += lengths[i] == 0;
    }
    uint64_t all = sum;
    if (long_ones > 0)
        for (uint64_t i = find_long(shard, first);
             i < shard->long_count && shard->long_sentences[i].sentence < end; i++)
            all += shard->long_sentences[i].tokens;
    return all;
}

uint64_t sentence_file_token_start(const shard *shard, uint64_t sentence)
{
    uint64_t block = sentence / SENTENCES_BLOCK;
    return shard->block_starts[block] + sum_lengths(shard, block * SENTENCES_BLOCK, sentence);
}

/* ----------------------------------------------------------------------------------- checking */

static bert_status check_long_sentences(const shard *shard, bert_error *error)
{
    uint64_t zeros = 0, bad = shard->long_count;
#pragma omp parallel for reduction(+ : zeros) schedule(static) if (shard->sentence_count >= 1 << 16)
    for (uint64_t i = 0; i < shard->sentence_count; i++)
        zeros += shard->short_lengths[i] == 0;
    for (uint64_t i = shard->long_count; i-- > 0;) {
        const long_sentence *entry = &shard->long_sentences[i];
        if (entry->sentence >= shard->sentence_count ||
            (i > 0 && entry->sentence <= entry[-1].sentence) ||
            shard->short_lengths[entry->sentence] != 0 || entry->tokens <= SENTENCES_LONGEST_BYTE ||
            entry->tokens > INT32_MAX)
            bad = i;
    }
    if (bad < shard->long_count)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s.sentences: entry %llu of the long sentences is sentence %llu of %llu "
                         "with %llu tokens; the file is damaged",
                         shard->prefix, (unsigned long long)bad,
                         (unsigned long long)shard->long_sentences[bad].sentence,
                         (unsigned long long)shard->sentence_count,
                         (unsigned long long)shard->long_sentences[bad].tokens);
    if (zeros != shard->long_count)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s.sentences: %llu sentences are marked as long, but %llu have an entry; "
                         "the file is damaged",
                         shard->prefix, (unsigned long long)zeros,
                         (unsigned long long)shard->long_count);
    return BERT_OK;
}

static bert_status check_blocks(const shard *shard, bert_error *error)
{
    uint64_t blocks = sentence_file_blocks(shard->sentence_count), first_bad = blocks;
#pragma omp parallel for reduction(min : first_bad) schedule(static) if (blocks >= 1 << 12)
    for (uint64_t block = 0; block < blocks; block++) {
        uint64_t first = block * SENTENCES_BLOCK, end = first + SENTENCES_BLOCK;
        end = end < shard->sentence_count ? end : shard->sentence_count;
        if (shard->block_starts[block + 1] - shard->block_starts[block] !=
                sum_lengths(shard, first, end) &&
            block < first_bad)
            first_bad = block;
    }
    if (first_bad == blocks && shard->block_starts[0] == 0 &&
        shard->block_starts[blocks] == shard->token_count)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT,
                     "%s.sentences: the lengths of the sentences from %llu on do not match the "
                     "token table; the file is damaged",
                     shard->prefix,
                     (unsigned long long)(first_bad < blocks ? first_bad * SENTENCES_BLOCK : 0));
}

/* Checks that the sentences of each document fill it. */
static bert_status check_documents(const shard *shard, bert_error *error)
{
    uint64_t count = shard->document_count, first_bad = count;
#pragma omp parallel for reduction(min : first_bad) schedule(static) if (count >= 1 << 12)
    for (uint64_t document = 0; document < count; document++)
        if (sentence_file_token_start(shard, (uint64_t)shard->document_starts[document]) !=
                shard_document_token_start(shard, document) &&
            document < first_bad)
            first_bad = document;
    if (first_bad == count)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT,
                     "%s.sentences: document %llu begins inside a sentence; the file is damaged, "
                     "or the .idx is from another preparation",
                     shard->prefix, (unsigned long long)first_bad);
}

bert_status sentence_file_check(const shard *shard, bert_error *error)
{
    TRY(check_long_sentences(shard, error));
    TRY(check_blocks(shard, error));
    TRY(check_documents(shard, error));
    size_t size = shard->sentences.size - SENTENCES_CHECKSUM_SIZE;
    if (XXH3_64bits(shard->sentences.data, size) == read_u64(shard->sentences.data + size))
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT,
                     "%s.sentences: checksum mismatch; the file is damaged", shard->prefix);
}
