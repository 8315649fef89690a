#include "dataset/dataset.h"

#include "base/threads.h"
#include "dataset/index_format.h"

#include <stdlib.h>
#include <string.h>

static uint64_t read_u64(const unsigned char *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static size_t id_size(const dataset *data)
{
    return data->wide ? sizeof(int32_t) : sizeof(uint16_t);
}

/* Header and sizes of the index; sets the array pointers only where they fit the file. */
static bert_status parse_index(dataset *data, bert_error *error)
{
    const unsigned char *bytes = data->index.data;
    size_t size = data->index.size;
    if (size < INDEX_HEADER_SIZE || memcmp(bytes, INDEX_MAGIC, INDEX_MAGIC_SIZE) != 0)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s.idx: not an index of prepared data (the first bytes are not "
                         "MMIDIDX); was it made by `bert prepare`?",
                         data->prefix);
    uint64_t version = read_u64(bytes + 9);
    unsigned type = bytes[17];
    if (version != INDEX_VERSION)
        return error_set(error, BERT_ERROR_UNSUPPORTED, "%s.idx: version %llu, expected 1",
                         data->prefix, (unsigned long long)version);
    if (type != INDEX_TYPE_INT32 && type != INDEX_TYPE_UINT16)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s.idx: token ids of type %u, expected 8 (uint16) or 4 (int32)",
                         data->prefix, type);
    uint64_t sentences = read_u64(bytes + 18), entries = read_u64(bytes + 26);
    uint64_t of_sentences, of_documents, expected;
    if (__builtin_mul_overflow(sentences, 12, &of_sentences) ||
        __builtin_mul_overflow(entries, 8, &of_documents) ||
        __builtin_add_overflow(of_sentences, of_documents, &expected) ||
        __builtin_add_overflow(expected, INDEX_HEADER_SIZE, &expected) || expected != size)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s.idx: %zu bytes do not fit its %llu sentences and %llu document "
                         "entries; the file is cut off or damaged",
                         data->prefix, size, (unsigned long long)sentences,
                         (unsigned long long)entries);
    if (entries == 0)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s.idx: no document entries, expected at least the final one",
                         data->prefix);
    data->wide = type == INDEX_TYPE_INT32;
    data->sentence_count = sentences;
    data->document_count = entries - 1;
    data->lengths = (const dataset_int32 *)(bytes + INDEX_HEADER_SIZE);
    data->pointers = (const dataset_int64 *)(bytes + INDEX_HEADER_SIZE + 4 * sentences);
    data->document_starts = (const dataset_int64 *)(bytes + INDEX_HEADER_SIZE + 12 * sentences);
    data->token_count = data->tokens.size / id_size(data);
    if (data->tokens.size % id_size(data) != 0 || data->token_count < sentences)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s.bin: %zu bytes cannot hold the %llu sentences of the index; do both "
                         "files come from one preparation?",
                         data->prefix, data->tokens.size, (unsigned long long)sentences);
    return BERT_OK;
}

bert_status dataset_open(dataset *data, const char *prefix, bert_error *error)
{
    *data = (dataset){0};
    char *path = NULL;
    bert_status status;
    TRY_OR_GO(status, path_format(&data->prefix, error, "%s", prefix), done);
    TRY_OR_GO(status, path_format(&path, error, "%s.idx", prefix), done);
    TRY_OR_GO(status, file_map_open(&data->index, path, error), done);
    path[strlen(prefix)] = '\0';
    memcpy(path + strlen(prefix), ".bin", 4);
    TRY_OR_GO(status, file_map_open(&data->tokens, path, error), done);
    status = parse_index(data, error);
done:
    free(path);
    if (status != BERT_OK)
        dataset_close(data);
    return status;
}

void dataset_close(dataset *data)
{
    file_map_close(&data->index);
    file_map_close(&data->tokens);
    free(data->prefix);
    free(data->labels);
    *data = (dataset){0};
}

/* Whether a sentence has tokens and ends where the next begins. Differences of hostile pointers may
 * wrap around: then they equal no length. */
static bool sentence_is_sound(const dataset *data, uint64_t sentence)
{
    uint64_t start = (uint64_t)data->pointers[sentence];
    uint64_t end = sentence + 1 < data->sentence_count ? (uint64_t)data->pointers[sentence + 1]
                                                       : data->tokens.size;
    int32_t length = data->lengths[sentence];
    return length > 0 && end - start == (uint64_t)length * id_size(data);
}

static bert_status check_sentences(const dataset *data, bert_error *error)
{
    uint64_t count = data->sentence_count, first_bad = count;
#pragma omp parallel for reduction(min : first_bad) schedule(static) if (count >= 1 << 16)
    for (uint64_t sentence = 0; sentence < count; sentence++)
        if (!sentence_is_sound(data, sentence) && sentence < first_bad)
            first_bad = sentence;
    if (count > 0 && data->pointers[0] != 0)
        first_bad = 0;
    if (first_bad == count && (count > 0 || data->tokens.size == 0))
        return BERT_OK;
    if (count == 0)
        return error_set(error, BERT_ERROR_INPUT, "%s.bin: %zu bytes, but the index is empty",
                         data->prefix, data->tokens.size);
    return error_set(error, BERT_ERROR_INPUT,
                     "%s.idx: sentence %llu of %llu is said to have %d tokens from byte %lld of "
                     "%zu on, which does not fit its neighbours; the file is damaged, or the .bin "
                     "is from another preparation",
                     data->prefix, (unsigned long long)first_bad, (unsigned long long)count,
                     (int)data->lengths[first_bad], (long long)data->pointers[first_bad],
                     data->tokens.size);
}

static bert_status check_documents(const dataset *data, bert_error *error)
{
    uint64_t count = data->document_count, first_bad = count;
#pragma omp parallel for reduction(min : first_bad) schedule(static) if (count >= 1 << 16)
    for (uint64_t document = 0; document < count; document++)
        if (data->document_starts[document] > data->document_starts[document + 1] &&
            document < first_bad)
            first_bad = document;
    if (data->document_starts[0] != 0)
        first_bad = 0;
    if (first_bad < count)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s.idx: document %llu of %llu is said to have the sentences from %lld to "
                         "%lld; the file is damaged",
                         data->prefix, (unsigned long long)first_bad, (unsigned long long)count,
                         (long long)data->document_starts[first_bad],
                         (long long)data->document_starts[first_bad + 1]);
    if ((uint64_t)data->document_starts[count] != data->sentence_count)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s.idx: the documents end with sentence %lld of %llu; the file is "
                         "damaged",
                         data->prefix, (long long)data->document_starts[count],
                         (unsigned long long)data->sentence_count);
    return BERT_OK;
}

bert_status dataset_check(const dataset *data, bert_error *error)
{
    TRY(check_sentences(data, error));
    return check_documents(data, error);
}

uint64_t dataset_token_start(const dataset *data, uint64_t sentence)
{
    if (sentence == data->sentence_count)
        return data->token_count;
    return (uint64_t)data->pointers[sentence] / id_size(data);
}

void dataset_tokens(const dataset *data, uint64_t first, size_t count, int32_t *out)
{
    if (data->wide) {
        memcpy(out, data->tokens.data + first * sizeof(int32_t), count * sizeof(int32_t));
        return;
    }
    /* The map begins at a page and ids are packed from its start: aligned. */
    const uint16_t *ids = (const uint16_t *)(const void *)data->tokens.data + first;
    for (size_t i = 0; i < count; i++)
        out[i] = ids[i];
}

void dataset_sentence(const dataset *data, uint64_t sentence, int32_t *out)
{
    dataset_tokens(data, dataset_token_start(data, sentence), (size_t)data->lengths[sentence], out);
}

uint64_t dataset_sentence_of(const dataset *data, uint64_t token)
{
    uint64_t low = 0, high = data->sentence_count;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (dataset_token_start(data, middle) <= token)
            low = middle;
        else
            high = middle;
    }
    return low;
}

uint64_t dataset_document_of(const dataset *data, uint64_t sentence)
{
    /* The last document that begins at or before the sentence: empty ones before it begin there
     * as well. */
    uint64_t low = 0, high = data->document_count;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if ((uint64_t)data->document_starts[middle] <= sentence)
            low = middle;
        else
            high = middle;
    }
    return low;
}

bert_status dataset_validation_prefix(char **out, const char *prefix, bert_error *error)
{
    return path_format(out, error, "%s.validation", prefix);
}

bert_status dataset_tokenizer_directory(char **out, const char *prefix, bert_error *error)
{
    return path_format(out, error, "%s.tokenizer", prefix);
}
