#include "dataset/dataset.h"

#include "base/memory.h"
#include "dataset/index_format.h"
#include "dataset/sentence_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

/* Numbers that the index stores as one array but that arrive one at a time, possibly hundreds of
 * millions of them: they are collected in an unnamed temporary file in the output's folder. */
typedef struct spill {
    FILE *file;
    uint64_t count;
} spill;

struct dataset_writer {
    output_file tokens;
    char *prefix;
    size_t vocab_size;
    bert_layout layout;
    bool wide;
    bool kept;          /* its files are never removed: dataset_writer_continue */
    spill lengths;      /* int32_t of each sentence */
    spill documents;    /* int64_t first sentence of each document, without the 0 of the first */
    uint64_t unclosed;  /* sentences in the document being written */
    uint16_t *narrowed; /* a sentence as uint16 */
    size_t narrowed_capacity;
};

static bert_status spill_open(spill *spill, const char *prefix, bert_error *error)
{
    char *directory;
    const char *slash = strrchr(prefix, '/');
    if (slash)
        TRY(path_format(&directory, error, "%.*s", (int)(slash - prefix) + 1, prefix));
    else
        TRY(path_format(&directory, error, "."));
    int descriptor = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    free(directory);
    /* Not every file system supports unnamed files; tmpfile's are in another folder. */
    spill->file = descriptor >= 0 ? fdopen(descriptor, "w+b") : tmpfile();
    if (!spill->file)
        return error_set_errno(error, errno, "%s.idx: cannot create a temporary file", prefix);
    return BERT_OK;
}

/* A named one, continued after its first `count` numbers of `size` bytes. */
static bert_status spill_continue(spill *spill, const char *prefix, const char *ending,
                                  uint64_t count, size_t size, bert_error *error)
{
    char *path;
    output_file file;
    TRY(path_format(&path, error, "%s.%s", prefix, ending));
    bert_status status = output_file_continue(&file, path, count * size, error);
    output_file_suspend(&file);
    if (status == BERT_OK) {
        spill->count = count;
        spill->file = fopen(path, "r+be");
        if (!spill->file || fseeko(spill->file, 0, SEEK_END) != 0)
            status = error_set_errno(error, errno, "%s: cannot continue writing", path);
    }
    free(path);
    return status;
}

static bert_status spill_put(spill *spill, const void *number, size_t size, const char *prefix,
                             bert_error *error)
{
    spill->count++;
    if (fwrite(number, size, 1, spill->file) != 1)
        return error_set_errno(error, errno, "%s.idx: cannot write a temporary file", prefix);
    return BERT_OK;
}

static bert_status spill_get(spill *spill, void *number, size_t size, const char *prefix,
                             bert_error *error)
{
    if (fread(number, size, 1, spill->file) != 1)
        return error_set_errno(error, errno, "%s.idx: cannot read a temporary file", prefix);
    return BERT_OK;
}

static bert_status spill_rewind(spill *spill, const char *prefix, bert_error *error)
{
    if (fflush(spill->file) != 0 || fseeko(spill->file, 0, SEEK_SET) != 0)
        return error_set_errno(error, errno, "%s.idx: cannot write a temporary file", prefix);
    return BERT_OK;
}

static bert_status open_files(dataset_writer *writer, const char *tokens_path, bert_error *error)
{
    TRY(output_file_open(&writer->tokens, tokens_path, error));
    TRY(spill_open(&writer->lengths, writer->prefix, error));
    return spill_open(&writer->documents, writer->prefix, error);
}

static size_t id_size(const dataset_writer *writer)
{
    return writer->wide ? sizeof(int32_t) : sizeof(uint16_t);
}

static bert_status continue_files(dataset_writer *writer, const char *tokens_path,
                                  const dataset_writer_state *from, bert_error *error)
{
    TRY(output_file_continue(&writer->tokens, tokens_path, from->tokens * id_size(writer), error));
    TRY(spill_continue(&writer->lengths, writer->prefix, "lengths", from->sentences,
                       sizeof(int32_t), error));
    return spill_continue(&writer->documents, writer->prefix, "documents", from->documents,
                          sizeof(int64_t), error);
}

/* `from`: NULL for a writer whose files have no names until the commit. */
static bert_status create_writer(dataset_writer **out, const char *prefix, size_t vocab_size,
                                 const dataset_writer_state *from, bert_error *error)
{
    *out = NULL;
    dataset_writer *writer;
    TRY(memory_array((void **)&writer, 1, sizeof *writer, "the writer of a data set", error));
    writer->tokens.descriptor = -1;
    writer->vocab_size = vocab_size;
    writer->wide = vocab_size >= INDEX_UINT16_VOCABULARY;
    writer->kept = from != NULL;
    char *path = NULL;
    bert_status status;
    TRY_OR_GO(status, path_format(&writer->prefix, error, "%s", prefix), done);
    TRY_OR_GO(status, path_format(&path, error, "%s.bin", prefix), done);
    status = from ? continue_files(writer, path, from, error) : open_files(writer, path, error);
done:
    free(path);
    if (status == BERT_OK)
        *out = writer;
    else
        dataset_writer_discard(writer);
    return status;
}

bert_status dataset_writer_open(dataset_writer **out, const char *prefix, size_t vocab_size,
                                bert_error *error)
{
    return create_writer(out, prefix, vocab_size, NULL, error);
}

bert_status dataset_writer_continue(dataset_writer **out, const char *prefix, size_t vocab_size,
                                    const dataset_writer_state *from, bert_error *error)
{
    return create_writer(out, prefix, vocab_size, from, error);
}

static bert_status spill_sync(spill *spill, const char *prefix, bert_error *error)
{
    if (fflush(spill->file) != 0 || fdatasync(fileno(spill->file)) != 0)
        return error_set_errno(error, errno, "%s.idx: cannot write a temporary file", prefix);
    return BERT_OK;
}

bert_status dataset_writer_save(dataset_writer *writer, dataset_writer_state *state,
                                bert_error *error)
{
    TRY(output_file_sync(&writer->tokens, error));
    TRY(spill_sync(&writer->lengths, writer->prefix, error));
    TRY(spill_sync(&writer->documents, writer->prefix, error));
    *state = (dataset_writer_state){
        .tokens = writer->tokens.written / id_size(writer),
        .sentences = writer->lengths.count,
        .documents = writer->documents.count,
    };
    return BERT_OK;
}

void dataset_writer_discard(dataset_writer *writer)
{
    if (!writer)
        return;
    if (writer->kept)
        output_file_suspend(&writer->tokens);
    else
        output_file_discard(&writer->tokens);
    if (writer->lengths.file)
        fclose(writer->lengths.file);
    if (writer->documents.file)
        fclose(writer->documents.file);
    free(writer->prefix);
    free(writer->narrowed);
    free(writer);
}

static bert_status narrow(dataset_writer *writer, const int32_t *ids, size_t count,
                          bert_error *error)
{
    TRY(memory_grow((void **)&writer->narrowed, &writer->narrowed_capacity, count, sizeof(uint16_t),
                    "the ids of a sentence", error));
    for (size_t i = 0; i < count; i++)
        writer->narrowed[i] = (uint16_t)ids[i];
    return output_file_write(&writer->tokens, writer->narrowed, count * sizeof(uint16_t), error);
}

bert_status dataset_writer_sentence(dataset_writer *writer, const int32_t *ids, size_t count,
                                    bert_error *error)
{
    if (count == 0 || count > INT32_MAX)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s.bin: a sentence of %zu tokens, expected between 1 and 2^31 - 1",
                         writer->prefix, count);
    for (size_t i = 0; i < count; i++)
        if (ids[i] < 0 || (size_t)ids[i] >= writer->vocab_size)
            return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                             "%s.bin: token id %d, expected one below %zu", writer->prefix,
                             (int)ids[i], writer->vocab_size);
    if (writer->wide)
        TRY(output_file_write(&writer->tokens, ids, count * sizeof(int32_t), error));
    else
        TRY(narrow(writer, ids, count, error));
    int32_t length = (int32_t)count;
    writer->unclosed++;
    return spill_put(&writer->lengths, &length, sizeof length, writer->prefix, error);
}

bert_status dataset_writer_end_document(dataset_writer *writer, bert_error *error)
{
    if (writer->unclosed == 0)
        return BERT_OK;
    writer->unclosed = 0;
    int64_t next = (int64_t)writer->lengths.count;
    return spill_put(&writer->documents, &next, sizeof next, writer->prefix, error);
}

void dataset_writer_use_layout(dataset_writer *writer, bert_layout layout)
{
    writer->layout = layout;
}

/* -------------------------------------------------------------------------------------- index */

static bert_status write_header(dataset_writer *writer, output_file *index, uint64_t sequences,
                                bert_error *error)
{
    unsigned char header[INDEX_HEADER_SIZE] = INDEX_MAGIC;
    uint64_t version = INDEX_VERSION, entries = writer->documents.count + 1;
    memcpy(header + 9, &version, 8);
    header[17] = writer->wide ? INDEX_TYPE_INT32 : INDEX_TYPE_UINT16;
    memcpy(header + 18, &sequences, 8);
    memcpy(header + 26, &entries, 8);
    return output_file_write(index, header, sizeof header, error);
}

/* Iterates over the sequences of the index, reading the two spill files. */
typedef struct sequences {
    dataset_writer *writer;
    uint64_t sentence; /* first one of the next sequence */
} sequences;

static bert_status sequences_start(sequences *sequences, dataset_writer *writer, bert_error *error)
{
    *sequences = (struct sequences){.writer = writer};
    TRY(spill_rewind(&writer->lengths, writer->prefix, error));
    return spill_rewind(&writer->documents, writer->prefix, error);
}

static bert_status sequences_next(sequences *sequences, int32_t *length, bert_error *error)
{
    dataset_writer *writer = sequences->writer;
    int64_t end = (int64_t)sequences->sentence + 1, sum = 0;
    if (writer->layout == BERT_LAYOUT_DOCUMENTS)
        TRY(spill_get(&writer->documents, &end, sizeof end, writer->prefix, error));
    for (; sequences->sentence < (uint64_t)end; sequences->sentence++) {
        TRY(spill_get(&writer->lengths, length, sizeof *length, writer->prefix, error));
        sum += *length;
    }
    if (sum > INT32_MAX)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s.idx: a document of %lld tokens, expected less than 2^31",
                         writer->prefix, (long long)sum);
    *length = (int32_t)sum;
    return BERT_OK;
}

static bert_status write_sequences(dataset_writer *writer, output_file *index, uint64_t count,
                                   bert_error *error)
{
    sequences sequences;
    int32_t length;
    TRY(sequences_start(&sequences, writer, error));
    for (uint64_t i = 0; i < count; i++) {
        TRY(sequences_next(&sequences, &length, error));
        TRY(output_file_write(index, &length, sizeof length, error));
    }
    int64_t pointer = 0;
    TRY(sequences_start(&sequences, writer, error));
    for (uint64_t i = 0; i < count; i++) {
        TRY(sequences_next(&sequences, &length, error));
        TRY(output_file_write(index, &pointer, sizeof pointer, error));
        pointer += length * (int64_t)id_size(writer);
    }
    return BERT_OK;
}

static bert_status write_index(dataset_writer *writer, output_file *index, bert_error *error)
{
    bool of_documents = writer->layout == BERT_LAYOUT_DOCUMENTS;
    uint64_t count = of_documents ? writer->documents.count : writer->lengths.count;
    TRY(write_header(writer, index, count, error));
    TRY(write_sequences(writer, index, count, error));
    TRY(spill_rewind(&writer->documents, writer->prefix, error));
    int64_t start = 0;
    TRY(output_file_write(index, &start, sizeof start, error));
    for (uint64_t i = 1; i <= writer->documents.count; i++) {
        TRY(spill_get(&writer->documents, &start, sizeof start, writer->prefix, error));
        int64_t entry = of_documents ? (int64_t)i : start;
        TRY(output_file_write(index, &entry, sizeof entry, error));
    }
    return BERT_OK;
}

/* ---------------------------------------------------------------------------- file of sentences */

typedef struct summed_file {
    output_file file;
    XXH3_state_t *sum;
} summed_file;

static bert_status summed_write(summed_file *out, const void *data, size_t size, bert_error *error)
{
    XXH3_64bits_update(out->sum, data, size);
    return output_file_write(&out->file, data, size, error);
}

static bert_status next_length(dataset_writer *writer, uint64_t *length, bert_error *error)
{
    int32_t stored;
    TRY(spill_get(&writer->lengths, &stored, sizeof stored, writer->prefix, error));
    *length = (uint64_t)stored;
    return BERT_OK;
}

static bert_status write_sentences_header(dataset_writer *writer, summed_file *out,
                                          bert_error *error)
{
    uint64_t length, long_count = 0;
    TRY(spill_rewind(&writer->lengths, writer->prefix, error));
    for (uint64_t i = 0; i < writer->lengths.count; i++) {
        TRY(next_length(writer, &length, error));
        long_count += length > SENTENCES_LONGEST_BYTE;
    }
    const uint64_t numbers[] = {SENTENCES_VERSION, writer->lengths.count, writer->documents.count,
                                writer->tokens.written / id_size(writer), long_count};
    TRY(summed_write(out, SENTENCES_MAGIC, SENTENCES_MAGIC_SIZE, error));
    return summed_write(out, numbers, sizeof numbers, error);
}

static bert_status write_document_starts(dataset_writer *writer, summed_file *out,
                                         bert_error *error)
{
    int64_t start = 0;
    TRY(spill_rewind(&writer->documents, writer->prefix, error));
    TRY(summed_write(out, &start, sizeof start, error));
    for (uint64_t i = 0; i < writer->documents.count; i++) {
        TRY(spill_get(&writer->documents, &start, sizeof start, writer->prefix, error));
        TRY(summed_write(out, &start, sizeof start, error));
    }
    return BERT_OK;
}

/* Writes the three tables computed from the lengths, one pass for each. */
static bert_status write_lengths(dataset_writer *writer, summed_file *out, bert_error *error)
{
    uint64_t count = writer->lengths.count, length, tokens = 0;
    TRY(spill_rewind(&writer->lengths, writer->prefix, error));
    for (uint64_t i = 0; i < count; i++) {
        if (i % SENTENCES_BLOCK == 0)
            TRY(summed_write(out, &tokens, sizeof tokens, error));
        TRY(next_length(writer, &length, error));
        tokens += length;
    }
    TRY(summed_write(out, &tokens, sizeof tokens, error));
    TRY(spill_rewind(&writer->lengths, writer->prefix, error));
    for (uint64_t i = 0; i < count; i++) {
        TRY(next_length(writer, &length, error));
        if (length > SENTENCES_LONGEST_BYTE)
            TRY(summed_write(out, &(long_sentence){i, length}, sizeof(long_sentence), error));
    }
    TRY(spill_rewind(&writer->lengths, writer->prefix, error));
    for (uint64_t i = 0; i < count; i++) {
        TRY(next_length(writer, &length, error));
        uint8_t byte = length > SENTENCES_LONGEST_BYTE ? 0 : (uint8_t)length;
        TRY(summed_write(out, &byte, 1, error));
    }
    return BERT_OK;
}

static bert_status write_sentences(dataset_writer *writer, summed_file *out, bert_error *error)
{
    char *path;
    out->sum = XXH3_createState();
    if (!out->sum)
        return error_set(error, BERT_ERROR_MEMORY, "no memory for a checksum");
    XXH3_64bits_reset(out->sum);
    TRY(path_format(&path, error, "%s.sentences", writer->prefix));
    bert_status status = output_file_open(&out->file, path, error);
    free(path);
    TRY(status);
    TRY(write_sentences_header(writer, out, error));
    TRY(write_document_starts(writer, out, error));
    TRY(write_lengths(writer, out, error));
    uint64_t checksum = XXH3_64bits_digest(out->sum);
    return output_file_write(&out->file, &checksum, sizeof checksum, error);
}

/* ------------------------------------------------------------------------------------- commit */

static void remove_beside(const dataset_writer *writer, const char *ending)
{
    char *path;
    if (path_format(&path, NULL, "%s.%s", writer->prefix, ending) != BERT_OK)
        return;
    remove(path);
    free(path);
}

/* The index comes last: without it nothing is opened. On failure no file is left under its final
 * name. */
static bert_status commit_files(dataset_writer *writer, output_file *index, summed_file *sentences,
                                bert_error *error)
{
    bool of_documents = writer->layout == BERT_LAYOUT_DOCUMENTS;
    TRY(write_index(writer, index, error));
    if (of_documents)
        TRY(write_sentences(writer, sentences, error));
    TRY(output_file_commit(&writer->tokens, error));
    bert_status status = BERT_OK;
    if (of_documents)
        status = output_file_commit(&sentences->file, error);
    else
        remove_beside(writer, "sentences"); /* an old one would be taken for this data's */
    bool has_sentences = of_documents && status == BERT_OK;
    if (status == BERT_OK)
        status = output_file_commit(index, error);
    if (status != BERT_OK && !writer->kept) {
        remove_beside(writer, "bin");
        if (has_sentences)
            remove_beside(writer, "sentences");
    }
    return status;
}

bert_status dataset_writer_commit(dataset_writer *writer, bert_error *error)
{
    output_file index = {.descriptor = -1};
    summed_file sentences = {.file.descriptor = -1};
    char *index_path = NULL;
    bert_status status;
    TRY_OR_GO(status, dataset_writer_end_document(writer, error), done);
    TRY_OR_GO(status, path_format(&index_path, error, "%s.idx", writer->prefix), done);
    TRY_OR_GO(status, output_file_open(&index, index_path, error), done);
    status = commit_files(writer, &index, &sentences, error);
done:
    output_file_discard(&index);
    output_file_discard(&sentences.file);
    XXH3_freeState(sentences.sum);
    free(index_path);
    dataset_writer_discard(writer);
    return status;
}
