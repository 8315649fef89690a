#include "dataset/shard.h"

#include "dataset/index_format.h"
#include "dataset/sentence_file.h"
#include "formats/json.h"

#include <stdlib.h>
#include <string.h>

static uint64_t read_u64(const unsigned char *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static size_t id_size(const shard *shard)
{
    return shard->wide ? sizeof(int32_t) : sizeof(uint16_t);
}

/* ------------------------------------------------------------------------------------ opening */

/* Parses the header of the index; sets the array pointers only where the counts match the file's
 * size. */
static bert_status parse_index(shard *shard, bert_error *error)
{
    const unsigned char *bytes = shard->index.data;
    size_t size = shard->index.size;
    if (size < INDEX_HEADER_SIZE || memcmp(bytes, INDEX_MAGIC, INDEX_MAGIC_SIZE) != 0)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s.idx: not an index of prepared data (the first bytes are not MMIDIDX); "
                         "was it written by `bert prepare`?",
                         shard->prefix);
    uint64_t version = read_u64(bytes + 9);
    unsigned type = bytes[17];
    if (version != INDEX_VERSION)
        return error_set(error, BERT_ERROR_UNSUPPORTED, "%s.idx: version %llu, expected 1",
                         shard->prefix, (unsigned long long)version);
    if (type != INDEX_TYPE_INT32 && type != INDEX_TYPE_UINT16)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s.idx: token ids of type %u, expected 8 (uint16) or 4 (int32)",
                         shard->prefix, type);
    uint64_t sequences = read_u64(bytes + 18), entries = read_u64(bytes + 26);
    uint64_t of_sequences, of_documents, expected;
    if (__builtin_mul_overflow(sequences, 12, &of_sequences) ||
        __builtin_mul_overflow(entries, 8, &of_documents) ||
        __builtin_add_overflow(of_sequences, of_documents, &expected) ||
        __builtin_add_overflow(expected, INDEX_HEADER_SIZE, &expected) || expected != size)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s.idx: %zu bytes do not match its %llu sentences and %llu document "
                         "entries; the file is truncated or damaged",
                         shard->prefix, size, (unsigned long long)sequences,
                         (unsigned long long)entries);
    if (entries == 0)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s.idx: no document entries, expected at least the final one",
                         shard->prefix);
    shard->wide = type == INDEX_TYPE_INT32;
    shard->sequence_count = shard->sentence_count = sequences;
    shard->document_count = entries - 1;
    shard->lengths = (const dataset_int32 *)(bytes + INDEX_HEADER_SIZE);
    shard->pointers = (const dataset_int64 *)(bytes + INDEX_HEADER_SIZE + 4 * sequences);
    shard->boundaries = (const dataset_int64 *)(bytes + INDEX_HEADER_SIZE + 12 * sequences);
    shard->document_starts = shard->boundaries;
    shard->token_count = shard->tokens.size / id_size(shard);
    if (shard->tokens.size % id_size(shard) != 0 || shard->token_count < sequences)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s.bin: %zu bytes are too few for the %llu sentences of the index; are "
                         "both files from the same preparation?",
                         shard->prefix, shard->tokens.size, (unsigned long long)sequences);
    return BERT_OK;
}

/* Without its .sentences file, the layout "documents" looks like documents of one sentence each.
 * The description PREFIX.json, if there is one, tells the layout. */
static bert_status check_layout(const shard *shard, bert_error *error)
{
    static const char validation[] = ".validation";
    size_t length = strlen(shard->prefix), ending = sizeof validation - 1;
    if (length > ending && strcmp(shard->prefix + length - ending, validation) == 0)
        length -= ending;
    char *path;
    json_t *description = NULL;
    TRY(path_format(&path, error, "%.*s.json", (int)length, shard->prefix));
    bert_status status = BERT_OK;
    if (file_exists(path) && json_read(&description, path, NULL) == BERT_OK) {
        const char *layout = json_string_value(json_object_get(description, "layout"));
        if (layout && strcmp(layout, "documents") == 0)
            status = error_set(error, BERT_ERROR_INPUT,
                               "%s.sentences: missing, but the layout in %s is \"documents\"; "
                               "restore the file or prepare the data again",
                               shard->prefix, path);
    }
    json_decref(description);
    free(path);
    return status;
}

static bert_status map_files(shard *shard, bool *has_sentences, bert_error *error)
{
    const struct {
        const char *ending;
        file_map *map;
    } files[] = {{"idx", &shard->index}, {"bin", &shard->tokens}, {"sentences", &shard->sentences}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path;
        TRY(path_format(&path, error, "%s.%s", shard->prefix, files[i].ending));
        *has_sentences = file_exists(path);
        bert_status status = files[i].map != &shard->sentences || *has_sentences
                                 ? file_map_open(files[i].map, path, error)
                                 : BERT_OK;
        free(path);
        TRY(status);
    }
    return BERT_OK;
}

bert_status shard_open(shard *shard, const char *prefix, bert_error *error)
{
    *shard = (struct shard){0};
    bool has_sentences;
    bert_status status = path_format(&shard->prefix, error, "%s", prefix);
    if (status == BERT_OK)
        status = map_files(shard, &has_sentences, error);
    if (status == BERT_OK)
        status = parse_index(shard, error);
    if (status == BERT_OK && has_sentences)
        status = sentence_file_parse(shard, error);
    else if (status == BERT_OK && shard->sequence_count == shard->document_count)
        status = check_layout(shard, error);
    if (status != BERT_OK)
        shard_close(shard);
    return status;
}

void shard_close(shard *shard)
{
    file_map_close(&shard->index);
    file_map_close(&shard->tokens);
    file_map_close(&shard->sentences);
    free(shard->prefix);
    *shard = (struct shard){0};
}

/* ----------------------------------------------------------------------------------- checking */

/* Whether a sequence has tokens and ends where the next begins. Differences of untrusted pointers
 * may wrap around: then they equal no length. */
static bool sequence_is_sound(const shard *shard, uint64_t sequence)
{
    uint64_t start = (uint64_t)shard->pointers[sequence];
    uint64_t end = sequence + 1 < shard->sequence_count ? (uint64_t)shard->pointers[sequence + 1]
                                                        : shard->tokens.size;
    int32_t length = shard->lengths[sequence];
    return length > 0 && end - start == (uint64_t)length * id_size(shard);
}

static bert_status check_sequences(const shard *shard, bert_error *error)
{
    uint64_t count = shard->sequence_count, first_bad = count;
#pragma omp parallel for reduction(min : first_bad) schedule(static) if (count >= 1 << 16)
    for (uint64_t sequence = 0; sequence < count; sequence++)
        if (!sequence_is_sound(shard, sequence) && sequence < first_bad)
            first_bad = sequence;
    if (count > 0 && shard->pointers[0] != 0)
        first_bad = 0;
    if (first_bad == count && (count > 0 || shard->tokens.size == 0))
        return BERT_OK;
    if (count == 0)
        return error_set(error, BERT_ERROR_INPUT, "%s.bin: %zu bytes, but the index is empty",
                         shard->prefix, shard->tokens.size);
    return error_set(
        error, BERT_ERROR_INPUT,
        "%s.idx: %s %llu of %llu has %d tokens from byte %lld of %zu on, which does not match its "
        "neighbours; the file is damaged, or the .bin is from another preparation",
        shard->prefix, shard->short_lengths ? "document" : "sentence",
        (unsigned long long)first_bad, (unsigned long long)count, (int)shard->lengths[first_bad],
        (long long)shard->pointers[first_bad], shard->tokens.size);
}

/* Checks that starts never decrease, from 0 to the number of sentences; `ending` is that of their
 * file. */
static bert_status check_starts(const shard *shard, const dataset_int64 *starts, uint64_t end,
                                const char *ending, bert_error *error)
{
    uint64_t count = shard->document_count, first_bad = count;
#pragma omp parallel for reduction(min : first_bad) schedule(static) if (count >= 1 << 16)
    for (uint64_t document = 0; document < count; document++)
        if (starts[document] > starts[document + 1] && document < first_bad)
            first_bad = document;
    if (starts[0] != 0)
        first_bad = 0;
    if (first_bad < count)
        return error_set(
            error, BERT_ERROR_INPUT,
            "%s.%s: document %llu of %llu has the sentences from %lld to %lld; the file is damaged",
            shard->prefix, ending, (unsigned long long)first_bad, (unsigned long long)count,
            (long long)starts[first_bad], (long long)starts[first_bad + 1]);
    if ((uint64_t)starts[count] != end)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s.%s: the documents end with sentence %lld of %llu; the file is "
                         "damaged",
                         shard->prefix, ending, (long long)starts[count], (unsigned long long)end);
    return BERT_OK;
}

/* In the layout "documents", every document must be one sequence. */
static bert_status check_boundaries(const shard *shard, bert_error *error)
{
    for (uint64_t document = 0; document <= shard->document_count; document++)
        if ((uint64_t)shard->boundaries[document] != document)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s.idx: document %llu begins with sequence %lld, expected one "
                             "sequence per document with %s.sentences; the file is damaged",
                             shard->prefix, (unsigned long long)document,
                             (long long)shard->boundaries[document], shard->prefix);
    return BERT_OK;
}

bert_status shard_check(const shard *shard, bert_error *error)
{
    TRY(check_sequences(shard, error));
    if (!shard->short_lengths)
        return check_starts(shard, shard->document_starts, shard->sentence_count, "idx", error);
    TRY(check_boundaries(shard, error));
    TRY(check_starts(shard, shard->document_starts, shard->sentence_count, "sentences", error));
    return sentence_file_check(shard, error);
}

/* ------------------------------------------------------------------------------------ looking */

uint64_t shard_token_start(const shard *shard, uint64_t sentence)
{
    if (shard->short_lengths)
        return sentence_file_token_start(shard, sentence);
    if (sentence == shard->sentence_count)
        return shard->token_count;
    return (uint64_t)shard->pointers[sentence] / id_size(shard);
}

uint64_t shard_document_token_start(const shard *shard, uint64_t document)
{
    uint64_t sequence = (uint64_t)shard->boundaries[document];
    if (sequence == shard->sequence_count)
        return shard->token_count;
    return (uint64_t)shard->pointers[sequence] / id_size(shard);
}

uint64_t shard_document_of(const shard *shard, uint64_t sentence)
{
    /* The last document that begins at or before the sentence: preceding empty ones may begin there
     * as well. */
    uint64_t low = 0, high = shard->document_count;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if ((uint64_t)shard->document_starts[middle] <= sentence)
            low = middle;
        else
            high = middle;
    }
    return low;
}

uint64_t shard_document_at(const shard *shard, uint64_t token)
{
    uint64_t low = 0, high = shard->document_count;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (shard_document_token_start(shard, middle) <= token)
            low = middle;
        else
            high = middle;
    }
    return low;
}

void shard_tokens(const shard *shard, uint64_t first, size_t count, int32_t *out)
{
    if (shard->wide) {
        memcpy(out, shard->tokens.data + first * sizeof(int32_t), count * sizeof(int32_t));
        return;
    }
    /* Aligned: the map begins at a page, and ids are stored from its start. */
    const uint16_t *ids = (const uint16_t *)(const void *)shard->tokens.data + first;
    for (size_t i = 0; i < count; i++)
        out[i] = ids[i];
}
