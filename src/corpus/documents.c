#include "corpus/documents.h"

#include "base/file.h"
#include "base/observer.h"

#include <stdlib.h>
#include <string.h>

void documents_start(documents *documents, const inputs *inputs, const bert_reader_options *options)
{
    *documents =
        (struct documents){.inputs = inputs, .options = *options, .document_limit = DOCUMENT_LIMIT};
}

static void close_reader(documents *documents)
{
    documents->bytes += source_bytes_read(&documents->reader.source);
    documents->invalid_bytes += documents->reader.invalid.bytes;
    documents->cut_documents += documents->reader.cut_documents;
    documents->files += documents->reader.files;
    empty_files_merge(&documents->empty, &documents->reader.empty);
    documents->seen_files = 0;
    documents->reading = false;
    reader_close(&documents->reader);
}

void documents_close(documents *documents)
{
    if (documents->reading)
        close_reader(documents);
    text_free(&documents->ahead);
    free(documents->first_invalid);
    free(documents->first_of_sentences);
    empty_files_free(&documents->empty);
    *documents = (struct documents){0};
}

/* The readers count invalid bytes; the position of the first of all inputs is kept here. */
static bert_status note_invalid(documents *documents, bert_error *error)
{
    const reader *reader = &documents->reader;
    if (documents->first_invalid || reader->invalid.bytes == 0)
        return BERT_OK;
    return path_format(&documents->first_invalid, error, "%s, byte %llu", reader->source.name,
                       (unsigned long long)reader->invalid.first_offset);
}

/* Notes what the current file is, once. */
static bert_status note_file(documents *documents, bert_error *error)
{
    const reader *reader = &documents->reader;
    if (documents->seen_files == reader->files)
        return BERT_OK;
    documents->seen_files = reader->files;
    documents->has_tables |= reader->format->row != NULL;
    documents->has_text |= reader->format == &reader_plain_text;
    if (reader->format != &reader_plain_text || reader->lines != LINES_ARE_SENTENCES ||
        documents->options.sentence_separator != BERT_SENTENCE_SEPARATOR_AUTO)
        return BERT_OK;
    documents->files_of_sentences++;
    return documents->first_of_sentences
               ? BERT_OK
               : path_format(&documents->first_of_sentences, error, "%s", reader->source.name);
}

static bert_status open_reader(documents *documents, bert_error *error)
{
    TRY(reader_open(&documents->reader, documents->inputs->paths[documents->next_input].path,
                    &documents->options, error));
    documents->reader.document_limit = documents->document_limit;
    documents->reader.keep_lines = documents->keep_lines;
    documents->next_input++;
    documents->reading = true;
    return BERT_OK;
}

/* The next document as its format has it. */
static bert_status read_document(documents *documents, document *document, document_origin *origin,
                                 bool *found, bert_error *error)
{
    for (*found = false; !*found;) {
        if (!documents->reading) {
            if (documents->next_input == documents->inputs->count)
                return BERT_OK;
            TRY(open_reader(documents, error));
        }
        TRY(reader_next(&documents->reader, document, found, error));
        TRY(note_invalid(documents, error));
        TRY(note_file(documents, error));
        *origin = (document_origin){
            .source = documents->inputs->paths[documents->next_input - 1].source,
            .file = documents->files + documents->reader.files,
            .borders = documents->reader.borders,
            .is_whole = reader_has_documents(&documents->reader),
        };
        if (!*found)
            close_reader(documents);
    }
    return BERT_OK;
}

/* ------------------------------------------------------------------ document_separator file, none
 */

static bool can_join(const documents *documents)
{
    return (documents->options.document_separator == BERT_DOCUMENT_SEPARATOR_FILE ||
            documents->options.document_separator == BERT_DOCUMENT_SEPARATOR_NONE) &&
           documents->document_limit == DOCUMENT_LIMIT; /* else borders do not matter */
}

static bool are_joined(const documents *documents, const document_origin *a,
                       const document_origin *b)
{
    if (a->is_whole || b->is_whole)
        return false;
    return documents->options.document_separator == BERT_DOCUMENT_SEPARATOR_FILE
               ? a->file == b->file
               : a->source == b->source;
}

/* Exchanges the contents, so that no text is copied. */
static void swap(document *a, document *b)
{
    document other = *a;
    *a = *b;
    *b = other;
}

static bert_status take_first(documents *documents, document *document, document_origin *origin,
                              bool *found, bert_error *error)
{
    if (!documents->has_ahead)
        return read_document(documents, document, origin, found, error);
    swap(document, &documents->ahead);
    *origin = documents->ahead_origin;
    documents->has_ahead = false;
    *found = true;
    return BERT_OK;
}

bert_status documents_next(documents *documents, document *document, document_origin *origin,
                           bool *found, bert_error *error)
{
    TRY(take_first(documents, document, origin, found, error));
    while (*found && can_join(documents) && !origin->is_whole) {
        TRY(read_document(documents, &documents->ahead, &documents->ahead_origin,
                          &documents->has_ahead, error));
        if (!documents->has_ahead || !are_joined(documents, origin, &documents->ahead_origin))
            return BERT_OK;
        if (document->length + documents->ahead.length >= documents->document_limit) {
            documents->cut_documents++;
            return BERT_OK;
        }
        TRY(text_append(document, "\n", 1, error));
        TRY(text_append(document, documents->ahead.data, documents->ahead.length, error));
        if (origin->borders != documents->ahead_origin.borders)
            origin->borders = SENTENCES_BY_RULES;
        documents->has_ahead = false;
    }
    return BERT_OK;
}

uint64_t documents_bytes_read(const documents *documents)
{
    return documents->bytes +
           (documents->reading ? source_bytes_read(&documents->reader.source) : 0);
}

uint64_t documents_invalid_bytes(const documents *documents)
{
    return documents->invalid_bytes + (documents->reading ? documents->reader.invalid.bytes : 0);
}

/* An option that no input gave an occasion for was meant for something else. */
static void warn_of_options(const documents *documents, const bert_observer *observer)
{
    const bert_reader_options *options = &documents->options;
    if (options->document_separator != BERT_DOCUMENT_SEPARATOR_UNSET && !documents->has_tables &&
        !documents->has_text)
        observer_message(observer, BERT_MESSAGE_WARNING,
                         "options->document_separator applies to plain text and tables, but no "
                         "input is one: the format of each says what a document is");
    if (options->document_column && !documents->has_tables)
        observer_message(observer, BERT_MESSAGE_WARNING,
                         "options->document_column names a column of a table, but no input is one");
    if (options->sentence_separator == BERT_SENTENCE_SEPARATOR_ROW && !documents->has_tables)
        observer_message(observer, BERT_MESSAGE_WARNING,
                         "options->sentence_separator is row, but no input is a table");
}

void documents_warn(const documents *documents, const bert_observer *observer)
{
    uint64_t count = documents_invalid_bytes(documents);
    if (count > 0)
        observer_message(observer, BERT_MESSAGE_WARNING,
                         "%llu %s not valid UTF-8 and replaced by U+FFFD, the first in %s",
                         (unsigned long long)count, count == 1 ? "byte is" : "bytes are",
                         documents->first_invalid);
    count = documents->files_of_sentences;
    bool borders_matter = !documents->keep_lines && documents->document_limit == DOCUMENT_LIMIT;
    if (count > 0 && borders_matter)
        observer_message(observer, BERT_MESSAGE_INFO,
                         "%llu %s a sentence in each line, the first %s; if that is wrong, set "
                         "options->sentence_separator = punctuation",
                         (unsigned long long)count, count == 1 ? "file has" : "files have",
                         documents->first_of_sentences);
    count = documents->cut_documents;
    if (count > 0 && borders_matter)
        observer_message(observer, BERT_MESSAGE_WARNING,
                         "%llu %s longer than %d MiB and continued as another document",
                         (unsigned long long)count, count == 1 ? "document is" : "documents are",
                         DOCUMENT_LIMIT >> 20);
    if (documents->inputs->all_splits)
        observer_message(
            observer, BERT_MESSAGE_WARNING,
            "%s: is a data set of several splits, all of which are read; name the folder "
            "of the one to train on, such as %s/train",
            documents->inputs->all_splits, documents->inputs->all_splits);
    empty_files_report(&documents->empty, observer);
    warn_of_options(documents, observer);
}
