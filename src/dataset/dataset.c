#include "dataset/dataset.h"

#include "base/memory.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------------ opening */

static void number_shards(dataset *data)
{
    for (size_t i = 0; i < data->shard_count; i++) {
        dataset_shard *shard = &data->shards[i];
        shard->first_sentence = data->sentence_count;
        shard->first_document = data->document_count;
        shard->first_token = data->token_count;
        shard->weight = 1;
        /* No overflow: all files together have fewer than 2^63 bytes. */
        data->sentence_count += shard->file.sentence_count;
        data->document_count += shard->file.document_count;
        data->token_count += shard->file.token_count;
    }
}

bert_status dataset_open_all(dataset *data, const char *name, const char *const *prefixes,
                             size_t count, bert_error *error)
{
    *data = (dataset){0};
    bert_status status;
    TRY_OR_GO(status, path_format(&data->prefix, error, "%s", name), failed);
    TRY_OR_GO(status,
              memory_array((void **)&data->shards, count, sizeof *data->shards,
                           "the files of a data set", error),
              failed);
    for (size_t i = 0; i < count; i++) {
        TRY_OR_GO(status, shard_open(&data->shards[i].file, prefixes[i], error), failed);
        data->shard_count++;
    }
    number_shards(data);
    return BERT_OK;
failed:
    dataset_close(data);
    return status;
}

bert_status dataset_open(dataset *data, const char *prefix, bert_error *error)
{
    return dataset_open_all(data, prefix, &prefix, 1, error);
}

void dataset_close(dataset *data)
{
    for (size_t i = 0; i < data->shard_count; i++)
        shard_close(&data->shards[i].file);
    free(data->shards);
    free(data->prefix);
    free(data->labels);
    free(data->frames);
    free(data->rows.first_skipped);
    free(data->rows.longest_row);
    *data = (dataset){0};
}

bert_status dataset_check(const dataset *data, bert_error *error)
{
    for (size_t i = 0; i < data->shard_count; i++)
        TRY(shard_check(&data->shards[i].file, error));
    return BERT_OK;
}

uint64_t dataset_bytes(const dataset *data)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < data->shard_count; i++) {
        const shard *file = &data->shards[i].file;
        bytes += file->index.size + file->tokens.size + file->sentences.size;
    }
    return bytes;
}

/* ------------------------------------------------------------------------------------ looking */

/* The last shard whose `member`, the count in the shards before it, is at most `index`: this skips
 * empty shards. */
static const dataset_shard *find_shard(const dataset *data, size_t member, uint64_t index)
{
    size_t low = 0, high = data->shard_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        const char *shard = (const char *)&data->shards[middle];
        if (*(const uint64_t *)(const void *)(shard + member) <= index)
            low = middle;
        else
            high = middle;
    }
    return &data->shards[low];
}

const dataset_shard *dataset_shard_of(const dataset *data, uint64_t sentence)
{
    return find_shard(data, offsetof(dataset_shard, first_sentence), sentence);
}

const dataset_shard *dataset_shard_of_document(const dataset *data, uint64_t document)
{
    return find_shard(data, offsetof(dataset_shard, first_document), document);
}

const dataset_shard *dataset_shard_of_token(const dataset *data, uint64_t token)
{
    return find_shard(data, offsetof(dataset_shard, first_token), token);
}

uint64_t dataset_document_start(const dataset *data, uint64_t document)
{
    const dataset_shard *shard = dataset_shard_of_document(data, document);
    return shard->first_sentence +
           (uint64_t)shard->file.document_starts[document - shard->first_document];
}

uint64_t dataset_filled_documents(const dataset *data, uint64_t most)
{
    uint64_t found = 0;
    for (uint64_t i = 0; i < data->document_count && found < most; i++)
        found += dataset_document_start(data, i) < dataset_document_start(data, i + 1);
    return found;
}

uint64_t dataset_sentence_length(const dataset *data, uint64_t sentence)
{
    const dataset_shard *shard = dataset_shard_of(data, sentence);
    return shard_sentence_length(&shard->file, sentence - shard->first_sentence);
}

void dataset_sentence(const dataset *data, uint64_t sentence, int32_t *out)
{
    dataset_tokens(data, dataset_token_start(data, sentence),
                   (size_t)dataset_sentence_length(data, sentence), out);
}

uint64_t dataset_token_start(const dataset *data, uint64_t sentence)
{
    const dataset_shard *shard = dataset_shard_of(data, sentence);
    return shard->first_token + shard_token_start(&shard->file, sentence - shard->first_sentence);
}

uint64_t dataset_document_token_start(const dataset *data, uint64_t document)
{
    const dataset_shard *shard = dataset_shard_of_document(data, document);
    return shard->first_token +
           shard_document_token_start(&shard->file, document - shard->first_document);
}

void dataset_tokens(const dataset *data, uint64_t first, size_t count, int32_t *out)
{
    while (count > 0) {
        const dataset_shard *shard = dataset_shard_of_token(data, first);
        uint64_t start = first - shard->first_token, left = shard->file.token_count - start;
        size_t taken = left < count ? (size_t)left : count;
        shard_tokens(&shard->file, start, taken, out);
        first += taken;
        out += taken;
        count -= taken;
    }
}

uint64_t dataset_document_of(const dataset *data, uint64_t sentence)
{
    const dataset_shard *shard = dataset_shard_of(data, sentence);
    return shard->first_document +
           shard_document_of(&shard->file, sentence - shard->first_sentence);
}

uint64_t dataset_document_at(const dataset *data, uint64_t token)
{
    const dataset_shard *shard = dataset_shard_of_token(data, token);
    return shard->first_document + shard_document_at(&shard->file, token - shard->first_token);
}

/* -------------------------------------------------------------------------------------- names */

bert_status dataset_validation_prefix(char **out, const char *prefix, bert_error *error)
{
    return path_format(out, error, "%s.validation", prefix);
}

bert_status dataset_tokenizer_directory(char **out, const char *prefix, bert_error *error)
{
    static const char validation[] = ".validation";
    size_t length = strlen(prefix), ending = sizeof validation - 1;
    bool is_split = length > ending && strcmp(prefix + length - ending, validation) == 0;
    return path_format(out, error, "%.*s.tokenizer", (int)(length - (is_split ? ending : 0)),
                       prefix);
}
