#include "corpus/corpus.h"

#include "base/file.h"
#include "base/observer.h"
#include "options/options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

bert_reader_options bert_reader_options_default(void)
{
    return (bert_reader_options){.format = BERT_FORMAT_UNSET,
                                 .zstd_window_log = 27, /* 128 MiB, the default of zstd */
                                 .document_separator = BERT_DOCUMENT_SEPARATOR_UNSET,
                                 .cleaning = cleaning_options_default(),
                                 .seed = 42};
}

bert_status corpus_open(corpus *corpus, const char *const *inputs, size_t input_count,
                        const bert_reader_options *options, bert_error *error)
{
    *corpus = (struct corpus){.options = options ? *options : bert_reader_options_default()};
    documents_start(&corpus->documents, &corpus->inputs, &corpus->options);
    if (input_count == 0)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "no input files");
    TRY(OPTIONS_CHECK(bert_reader_options, &corpus->options, error));
    if (corpus->options.document_column &&
        corpus->options.document_separator != BERT_DOCUMENT_SEPARATOR_UNSET)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "options->document_column and options->document_separator both say what "
                         "a document is, expected one of them");
    TRY(cleaner_open(&corpus->cleaner, &corpus->options.cleaning, error));
    TRY(inputs_expand(&corpus->inputs, inputs, input_count, error));
    bool all_known = true;
    for (size_t i = 0; i < corpus->inputs.count; i++) {
        uint64_t size;
        bool known;
        TRY(source_check(corpus->inputs.paths[i].path, &size, &known, error));
        corpus->total_bytes += size;
        all_known &= known;
    }
    if (!all_known)
        corpus->total_bytes = 0;
    return BERT_OK;
}

void corpus_close(corpus *corpus)
{
    documents_close(&corpus->documents);
    cleaner_close(&corpus->cleaner);
    inputs_free(&corpus->inputs);
    *corpus = (struct corpus){0};
}

/* The number of copies of a document. Depends on its text and the weight of its source alone, not
 * on its position or on other sources. The hash differs from that of the validation split. */
static unsigned count_copies(const corpus *corpus, const document *document, double weight)
{
    double whole = floor(weight);
    uint64_t hash = XXH3_64bits_withSeed(document->data, document->length,
                                         corpus->options.seed ^ 0x736F7572636573); /* "sources" */
    bool one_more = (double)(hash >> 11) * 0x1p-53 < weight - whole;
    return (unsigned)whole + one_more;
}

static bert_status no_documents_error(const corpus *corpus, bert_error *error)
{
    const char *others = corpus->inputs.count > 1 ? " (and the other inputs)" : "";
    const char *first = corpus->inputs.paths[0].path;
    if (strcmp(first, "-") == 0)
        first = "standard input";
    uint64_t read = corpus->cleaner.counts.documents;
    if (read > 0)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: cleaning and weights drop all of %llu documents%s", first,
                         (unsigned long long)read, others);
    if (corpus->documents.files == 0)
        return error_set(error, BERT_ERROR_INPUT, "%s: is empty, expected text%s", first, others);
    return error_set(error, BERT_ERROR_INPUT,
                     "%s: contains no documents, only blank lines or a header%s", first, others);
}

bert_status corpus_next(corpus *corpus, document *document, bool *found, bert_error *error)
{
    while (corpus->repeats == 0) {
        bool keep;
        TRY(documents_next(&corpus->documents, document, &corpus->origin, found, error));
        if (!*found)
            return corpus->returned > 0 ? BERT_OK : no_documents_error(corpus, error);
        TRY(cleaner_apply(&corpus->cleaner, document, &keep, error));
        if (!keep)
            continue;
        bert_source_counts *source = &corpus->inputs.sources[corpus->origin.source];
        corpus->repeats = count_copies(corpus, document, source->weight);
        source->documents++;
        source->taken += corpus->repeats;
    }
    *found = true;
    corpus->repeats--;
    corpus->returned++;
    return BERT_OK;
}

bool corpus_is_plain(const corpus *corpus)
{
    for (size_t i = 0; i < corpus->inputs.source_count; i++)
        if (corpus->inputs.sources[i].weight != 1)
            return false;
    return cleaning_is_off(&corpus->options.cleaning);
}

bert_status corpus_append_settings(const corpus *corpus, text *settings, bert_error *error)
{
    const bert_reader_options *options = &corpus->options;
    const bert_cleaning_options *cleaning = &options->cleaning;
    const char *names[] = {options->text_field,
                           bert_format_name(options->format),
                           bert_document_separator_name(options->document_separator),
                           options->document_column,
                           bert_sentence_separator_name(options->sentence_separator),
                           cleaning->script};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) /* distinguishes NULL from "" */
        TRY(text_format(settings, error, "%s%s\n", names[i] ? "=" : "", names[i] ? names[i] : ""));
    TRY(text_format(settings, error, "%d %llu %llu %llu %llu\n", cleaning->max_repeats,
                    (unsigned long long)cleaning->min_words,
                    (unsigned long long)cleaning->max_words,
                    (unsigned long long)cleaning->min_characters,
                    (unsigned long long)cleaning->max_characters));
    TRY(text_format(settings, error, "%a %a %a %a %d %a %llu %llu\n", cleaning->min_letters,
                    cleaning->max_digits, cleaning->max_punctuation, cleaning->min_script,
                    cleaning->drop_duplicates, cleaning->drop_near_duplicates,
                    (unsigned long long)cleaning->memory, (unsigned long long)options->seed));
    for (size_t i = 0; i < corpus->inputs.source_count; i++)
        TRY(text_format(settings, error, "%s %a\n", corpus->inputs.sources[i].name,
                        corpus->inputs.sources[i].weight));
    return BERT_OK;
}

void corpus_count(const corpus *corpus, bert_corpus_counts *counts)
{
    *counts = (bert_corpus_counts){.cleaning = corpus->cleaner.counts,
                                   .source_count = corpus->inputs.source_count};
    memcpy(counts->sources, corpus->inputs.sources, sizeof counts->sources);
}

uint64_t corpus_bytes_read(const corpus *corpus)
{
    return documents_bytes_read(&corpus->documents);
}

uint64_t corpus_invalid_bytes(const corpus *corpus)
{
    return documents_invalid_bytes(&corpus->documents);
}

void corpus_warn(const corpus *corpus, const bert_observer *observer)
{
    documents_warn(&corpus->documents, observer);
}

bert_status bert_read_documents(const char *const *inputs, size_t input_count,
                                const bert_reader_options *options,
                                bert_document_callback *callback, void *context,
                                bert_corpus_counts *counts, const bert_observer *observer,
                                bert_error *error)
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
    if (counts)
        corpus_count(&corpus, counts);
done:
    text_free(&document);
    corpus_close(&corpus);
    return status;
}
