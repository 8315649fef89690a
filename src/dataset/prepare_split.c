#include "dataset/prepare.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------- held documents --- */

static void held_free(held_document *held)
{
    free(held->ids);
    free(held->lengths);
    *held = (held_document){0};
}

/* The number of tokens of the chunk's sentence, and their address. */
static size_t sentence_ids(const text_chunk *chunk, size_t sentence, const int32_t **ids)
{
    size_t start = sentence ? chunk->sentence_ends[sentence - 1] : 0;
    *ids = chunk->ids + start;
    return chunk->sentence_ends[sentence] - start;
}

static bert_status held_copy(held_document *held, const text_chunk *chunk,
                             const text_document *document, bert_error *error)
{
    const int32_t *ids;
    size_t first = document->first_sentence, last = first + document->count - 1;
    sentence_ids(chunk, first, &ids);
    *held = (held_document){
        .count = document->count,
        .id_count = (size_t)(chunk->ids + chunk->sentence_ends[last] - ids),
        .hash = document->hash,
        .number = document->number,
        .used = true,
    };
    bert_status status = memory_array((void **)&held->ids, held->id_count, sizeof *held->ids,
                                      "a document held back", error);
    if (status == BERT_OK)
        status = memory_array((void **)&held->lengths, held->count, sizeof *held->lengths,
                              "a document held back", error);
    if (status != BERT_OK) {
        held_free(held);
        return status;
    }
    memcpy(held->ids, ids, held->id_count * sizeof *ids);
    for (size_t i = 0; i < held->count; i++)
        held->lengths[i] = (int32_t)sentence_ids(chunk, first + i, &ids);
    return BERT_OK;
}

/* ---------------------------------------------------------------------------------- sides --- */

static bool is_for_validation(const split *split, uint64_t hash)
{
    return (double)(hash >> 11) * 0x1p-53 < split->fraction;
}

static void count_document(bert_data_counts *counts, uint64_t sentences, uint64_t tokens)
{
    counts->documents++;
    counts->sentences += sentences;
    counts->tokens += tokens;
}

static bert_status write_document(dataset_writer *writer, bert_data_counts *counts,
                                  const text_chunk *chunk, const text_document *document,
                                  bert_error *error)
{
    uint64_t tokens = 0;
    for (size_t i = 0; i < document->count; i++) {
        const int32_t *ids;
        size_t length = sentence_ids(chunk, document->first_sentence + i, &ids);
        TRY(dataset_writer_sentence(writer, ids, length, error));
        tokens += length;
    }
    count_document(counts, document->count, tokens);
    return dataset_writer_end_document(writer, error);
}

static bert_status write_held(dataset_writer *writer, bert_data_counts *counts, held_document *held,
                              bert_error *error)
{
    const int32_t *ids = held->ids;
    for (size_t i = 0; i < held->count; i++) {
        TRY(dataset_writer_sentence(writer, ids, (size_t)held->lengths[i], error));
        ids += held->lengths[i];
    }
    count_document(counts, held->count, held->id_count);
    held_free(held);
    return dataset_writer_end_document(writer, error);
}

static bert_status release_held(split *split, bert_error *error)
{
    for (int i = 0; i < SPLIT_MINIMUM; i++)
        if (split->held[i].used)
            TRY(write_held(split->train, &split->train_counts, &split->held[i], error));
    return BERT_OK;
}

/* Holds back the documents with the smallest hashes; the one displaced, this or another, goes to
 * training. */
static bert_status hold_document(split *split, const text_chunk *chunk,
                                 const text_document *document, bert_error *error)
{
    int index = 0;
    while (index < SPLIT_MINIMUM && split->held[index].used &&
           split->held[index].hash <= document->hash)
        index++;
    if (index == SPLIT_MINIMUM)
        return write_document(split->train, &split->train_counts, chunk, document, error);
    held_document *last = &split->held[SPLIT_MINIMUM - 1];
    if (last->used)
        TRY(write_held(split->train, &split->train_counts, last, error));
    memmove(&split->held[index + 1], &split->held[index],
            (size_t)(SPLIT_MINIMUM - 1 - index) * sizeof *split->held);
    split->held[index] = (held_document){0};
    return held_copy(&split->held[index], chunk, document, error);
}

static bert_status add_document(split *split, const text_chunk *chunk,
                                const text_document *document, bert_error *error)
{
    if (document->count == 0)
        return BERT_OK;
    split->documents++;
    if (is_for_validation(split, document->hash))
        return write_document(split->validation, &split->validation_counts, chunk, document, error);
    if (split->validation && split->validation_counts.documents < SPLIT_MINIMUM)
        return hold_document(split, chunk, document, error);
    TRY(release_held(split, error));
    return write_document(split->train, &split->train_counts, chunk, document, error);
}

static bert_status open_side(dataset_writer **writer, bert_data_counts *counts, const char *folder,
                             const char *name, size_t vocab_size, bert_layout layout,
                             const dataset_writer_state *from, bert_error *error)
{
    char *prefix;
    TRY(path_join(&prefix, folder, name, error));
    bert_status status = dataset_writer_continue(writer, prefix, vocab_size, from, error);
    if (status == BERT_OK)
        dataset_writer_use_layout(*writer, layout);
    free(prefix);
    *counts = (bert_data_counts){
        .documents = from->documents, .sentences = from->sentences, .tokens = from->tokens};
    return status;
}

bert_status split_open(split *split, const char *folder, double fraction, size_t vocab_size,
                       bert_layout layout, const split_state *from, bert_error *error)
{
    *split = (struct split){.fraction = fraction, .documents = from->documents};
    TRY(open_side(&split->train, &split->train_counts, folder, "train", vocab_size, layout,
                  &from->train, error));
    if (fraction == 0)
        return BERT_OK;
    return open_side(&split->validation, &split->validation_counts, folder, "validation",
                     vocab_size, layout, &from->validation, error);
}

bert_status split_hold_again(split *split, size_t index, const text_chunk *chunk, bert_error *error)
{
    return held_copy(&split->held[index], chunk, &chunk->documents[0], error);
}

bert_status split_save(split *split, split_state *state, bert_error *error)
{
    *state = (split_state){.documents = split->documents};
    TRY(dataset_writer_save(split->train, &state->train, error));
    if (split->validation)
        TRY(dataset_writer_save(split->validation, &state->validation, error));
    for (int i = 0; i < SPLIT_MINIMUM && split->held[i].used; i++)
        state->held[state->held_count++] = split->held[i].number;
    return BERT_OK;
}

bert_status split_add_chunk(split *split, const text_chunk *chunk, bert_error *error)
{
    for (size_t i = 0; i < chunk->document_count; i++)
        TRY(add_document(split, chunk, &chunk->documents[i], error));
    return BERT_OK;
}

bert_status split_end(split *split, int *moved, bert_error *error)
{
    *moved = 0;
    if (split->documents >= 2 * SPLIT_MINIMUM)
        for (int i = 0; i < SPLIT_MINIMUM && split->held[i].used &&
                        split->validation_counts.documents < SPLIT_MINIMUM;
             i++, ++*moved)
            TRY(write_held(split->validation, &split->validation_counts, &split->held[i], error));
    return release_held(split, error);
}

bert_status split_commit(split *split, bert_error *error)
{
    dataset_writer *train = split->train, *validation = split->validation;
    split->train = split->validation = NULL; /* a commit frees its writer even if it fails */
    if (split->validation_counts.documents == 0) {
        dataset_writer_discard(validation);
        return dataset_writer_commit(train, error);
    }
    bert_status status = dataset_writer_commit(validation, error);
    if (status == BERT_OK)
        return dataset_writer_commit(train, error);
    dataset_writer_discard(train);
    return status;
}

void split_discard(split *split)
{
    dataset_writer_discard(split->train);
    dataset_writer_discard(split->validation);
    split->train = split->validation = NULL;
    for (int i = 0; i < SPLIT_MINIMUM; i++)
        held_free(&split->held[i]);
}
