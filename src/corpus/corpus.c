#include "corpus/corpus.h"

#include "base/file.h"
#include "base/observer.h"

#include <math.h>
#include <stdlib.h>

bert_reader_options bert_reader_options_default(void)
{
    return (bert_reader_options){0};
}

bert_status corpus_open(corpus *corpus, const char *const *inputs, size_t input_count,
                        const bert_reader_options *options, bert_error *error)
{
    *corpus = (struct corpus){.options = options ? *options : bert_reader_options_default(),
                              .document_limit = DOCUMENT_LIMIT};
    if (input_count == 0)
        return error_set(error, BERT_ERROR_USAGE, "no input files");
    TRY(inputs_expand(&corpus->inputs, inputs, input_count, error));
    bool all_known = true;
    for (size_t i = 0; i < corpus->inputs.count; i++) {
        uint64_t size;
        bool known;
        TRY(source_check(corpus->inputs.paths[i], &size, &known, error));
        corpus->total_bytes += size;
        all_known &= known;
    }
    if (!all_known)
        corpus->total_bytes = 0;
    return BERT_OK;
}

static void close_reader(corpus *corpus)
{
    corpus->bytes += source_bytes_read(&corpus->reader.source);
    corpus->invalid_bytes += corpus->reader.invalid.bytes;
    corpus->reading = false;
    reader_close(&corpus->reader);
}

void corpus_close(corpus *corpus)
{
    if (corpus->reading)
        close_reader(corpus);
    free(corpus->first_invalid);
    inputs_free(&corpus->inputs);
    *corpus = (struct corpus){0};
}

/* A reader counts what is invalid; the first place of the whole job is kept here. */
static bert_status note_invalid(corpus *corpus, bert_error *error)
{
    const reader *reader = &corpus->reader;
    if (corpus->first_invalid || reader->invalid.bytes == 0)
        return BERT_OK;
    return path_format(&corpus->first_invalid, error, "%s, byte %llu", reader->source.name,
                       (unsigned long long)reader->invalid.first_offset);
}

bert_status corpus_next(corpus *corpus, document *document, bool *found, bert_error *error)
{
    *found = false;
    while (!*found) {
        if (!corpus->reading) {
            if (corpus->next_input == corpus->inputs.count)
                break;
            TRY(reader_open(&corpus->reader, corpus->inputs.paths[corpus->next_input],
                            &corpus->options, error));
            corpus->reader.document_limit = corpus->document_limit;
            corpus->reader.keep_lines = corpus->keep_lines;
            corpus->next_input++;
            corpus->reading = true;
        }
        TRY(reader_next(&corpus->reader, document, found, error));
        TRY(note_invalid(corpus, error));
        if (!*found)
            close_reader(corpus);
    }
    corpus->documents += *found;
    if (!*found && corpus->documents == 0)
        return error_set(error, BERT_ERROR_INPUT, "%s: no documents, nothing but blank lines%s",
                         corpus->inputs.paths[0],
                         corpus->inputs.count > 1 ? " (the other inputs likewise)" : "");
    return BERT_OK;
}

uint64_t corpus_bytes_read(const corpus *corpus)
{
    return corpus->bytes + (corpus->reading ? source_bytes_read(&corpus->reader.source) : 0);
}

uint64_t corpus_invalid_bytes(const corpus *corpus)
{
    return corpus->invalid_bytes + (corpus->reading ? corpus->reader.invalid.bytes : 0);
}

void corpus_warn(const corpus *corpus, const bert_observer *observer)
{
    uint64_t count = corpus_invalid_bytes(corpus);
    if (count > 0)
        observer_message(
            observer, BERT_MESSAGE_WARNING, "%llu %s not UTF-8 and read as U+FFFD, the first in %s",
            (unsigned long long)count, count == 1 ? "byte is" : "bytes are", corpus->first_invalid);
}

bert_status bert_read_documents(const char *const *inputs, size_t input_count,
                                const bert_reader_options *options,
                                bert_document_callback *callback, void *context,
                                const bert_observer *observer, bert_error *error)
{
    corpus corpus;
    document document = {0};
    bert_status status;
    TRY_OR_GO(status, corpus_open(&corpus, inputs, input_count, options, error), done);
    while (!observer_should_stop(observer)) {
        bool found;
        TRY_OR_GO(status, corpus_next(&corpus, &document, &found, error), done);
        if (!found)
            break;
        TRY_OR_GO(status, callback(context, document.data, document.length, error), done);
        observer_progress(observer, &(bert_progress){
                                        .job = "read",
                                        .unit = "byte",
                                        .done = corpus_bytes_read(&corpus),
                                        .total = corpus.total_bytes,
                                        .epoch = NAN,
                                        .loss = NAN,
                                        .learning_rate = NAN,
                                        .tokens_per_second = NAN,
                                        .seconds_left = NAN,
                                    });
    }
    corpus_warn(&corpus, observer);
done:
    text_free(&document);
    corpus_close(&corpus);
    return status;
}
