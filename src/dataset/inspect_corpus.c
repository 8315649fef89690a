/* bert_inspect_corpus: statistics of a tokenizer on a corpus, and duplicate lines of the corpus.
 *
 * Blocks of lines are encoded on all cores; counting is sequential, in line order, so that the
 * report does not depend on the number of threads. */
#include "base/memory.h"
#include "base/observer.h"
#include "bert.h"
#include "corpus/corpus.h"
#include "dataset/repeated_lines.h"
#include "options/options.h"
#include "tokenizer/coverage.h"
#include "tokenizer/unicode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum {
    BLOCK_BYTES = 4 << 20,
    WORD_SHOWN_BYTES = 160,
    CODES = 0x110000,
    DEFAULT_MEMORY = 256 << 20,
};

typedef struct long_word {
    uint64_t hash;
    uint64_t characters;
    text text;
} long_word;

typedef struct inspection {
    const bert_inspect_corpus_params *params;
    bert_corpus_report *report;
    bert_tokenizer *tokenizer;
    bert_tokenizer_description description;
    tokenizer_special_ids special;
    coverage coverage;
    corpus corpus;
    document document;
    text block;
    bool *continues;     /* by id: the token continues a word */
    uint64_t *uncovered; /* by code point */
    uint64_t uncovered_in_word;
    repeated_lines repeated;
    long_word *longest; /* [params->top], the longest first */
    size_t longest_count;
} inspection;

bert_inspect_corpus_params bert_inspect_corpus_params_default(void)
{
    return (bert_inspect_corpus_params){
        .reader_options = bert_reader_options_default(),
        .tokenizer_options = bert_tokenizer_options_default(),
        .top = 10,
        .memory = DEFAULT_MEMORY,
    };
}

/* --------------------------------------------------------------------------------- words --- */

static uint64_t count_characters(const char *text, size_t length)
{
    uint64_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

/* Keeps the word if it is among the longest; in a tie the earlier one stays. */
static bert_status note_length(inspection *in, const char *word, size_t length, bert_error *error)
{
    size_t top = in->params->top, count = in->longest_count;
    bool full = count == top;
    /* A word has at most as many characters as bytes. */
    if (top == 0 || (full && length <= in->longest[count - 1].characters))
        return BERT_OK;
    uint64_t characters = count_characters(word, length), hash = XXH3_64bits(word, length);
    if (full && characters <= in->longest[count - 1].characters)
        return BERT_OK;
    for (size_t i = 0; i < count; i++)
        if (in->longest[i].hash == hash)
            return BERT_OK;
    size_t position = full ? count - 1 : in->longest_count++;
    long_word entry = in->longest[position];
    for (; position > 0 && in->longest[position - 1].characters < characters; position--)
        in->longest[position] = in->longest[position - 1];
    entry.hash = hash;
    entry.characters = characters;
    text_clear(&entry.text);
    /* One character more than will be shown is enough to tell that it is truncated. */
    size_t kept = length <= WORD_SHOWN_BYTES + 4 ? length : WORD_SHOWN_BYTES + 4;
    bert_status status = text_append(&entry.text, word, kept, error);
    in->longest[position] = entry;
    return status;
}

static void note_uncovered(void *context, uint32_t code)
{
    inspection *in = context;
    in->uncovered[code]++;
    in->uncovered_in_word++;
}

static bert_status note_unknown(inspection *in, const char *word, size_t length, bert_error *error)
{
    const char *literal = bert_tokenizer_token(in->tokenizer, in->special.unk);
    if (length == strlen(literal) && memcmp(word, literal, length) == 0)
        return BERT_OK; /* the word occurs in the text as [UNK] itself */
    size_t characters;
    in->uncovered_in_word = 0;
    TRY(coverage_check(&in->coverage, word, length, note_uncovered, in, &characters, error));
    in->report->unknown_words++;
    if (characters > in->description.max_input_chars_per_word)
        in->report->too_long++;
    else if (in->uncovered_in_word)
        in->report->not_covered++;
    else
        in->report->no_pieces++;
    return BERT_OK;
}

static bert_status note_line(void *context, const char *line, size_t length,
                             const bert_encoding *encoding, bert_error *error)
{
    inspection *in = context;
    bert_corpus_report *report = in->report;
    report->lines++;
    report->bytes += length;
    report->tokens += encoding->count;
    for (size_t i = 0, end; i < encoding->count; i = end) {
        for (end = i + 1; end < encoding->count && in->continues[encoding->ids[end]];)
            end++;
        const char *word = line + encoding->starts[i];
        size_t word_length = encoding->ends[end - 1] - encoding->starts[i];
        report->words++;
        TRY(note_length(in, word, word_length, error));
        if (encoding->ids[i] == in->special.unk)
            TRY(note_unknown(in, word, word_length, error));
    }
    return repeated_lines_add(&in->repeated, line, length, error);
}

/* -------------------------------------------------------------------------------- reading --- */

static bert_status flush_block(inspection *in, bert_error *error)
{
    if (in->block.length == 0)
        return BERT_OK;
    TRY(bert_tokenizer_encode_lines(in->tokenizer, in->block.data, in->block.length, false, 0,
                                    in->params->threads, note_line, in, error));
    text_clear(&in->block);
    return BERT_OK;
}

static bert_status read_documents(inspection *in, const bert_observer *observer, bool *finished,
                                  bert_error *error)
{
    for (;;) {
        bool found;
        TRY(corpus_next(&in->corpus, &in->document, &found, error));
        if (!found)
            break;
        in->report->documents++;
        TRY(text_append(&in->block, in->document.data, in->document.length, error));
        TRY(text_append(&in->block, "\n", 1, error));
        if (in->block.length < BLOCK_BYTES)
            continue;
        TRY(flush_block(in, error));
        observer_progress(observer, &(bert_progress){.job = "inspect",
                                                     .unit = "byte",
                                                     .done = corpus_bytes_read(&in->corpus),
                                                     .total = in->corpus.total_bytes,
                                                     .epoch = NAN,
                                                     .loss = NAN,
                                                     .learning_rate = NAN,
                                                     .tokens_per_second = NAN,
                                                     .seconds_left = NAN});
        *finished = !observer_should_stop(observer);
        if (!*finished)
            return BERT_OK;
    }
    *finished = true;
    return flush_block(in, error);
}

static bert_status start(inspection *in, bert_error *error)
{
    const bert_inspect_corpus_params *p = in->params;
    TRY(OPTIONS_CHECK(bert_inspect_corpus_params, p, error));
    if (!p->tokenizer)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "params->tokenizer is missing");
    TRY(bert_tokenizer_load(&in->tokenizer, p->tokenizer, &p->tokenizer_options, error));
    bert_tokenizer_describe(in->tokenizer, &in->description);
    in->special = tokenizer_special(in->tokenizer);
    TRY(coverage_build(&in->coverage, in->tokenizer, error));
    size_t vocab_size = in->description.vocab_size;
    TRY(memory_array((void **)&in->continues, vocab_size, sizeof *in->continues, "tokens", error));
    for (size_t id = 0; id < vocab_size; id++) {
        const char *token = bert_tokenizer_token(in->tokenizer, (int32_t)id);
        in->continues[id] = token && strncmp(token, "##", 2) == 0 && token[2];
    }
    TRY(memory_array((void **)&in->uncovered, CODES, sizeof *in->uncovered, "characters", error));
    TRY(memory_array((void **)&in->longest, p->top, sizeof *in->longest, "words", error));
    in->repeated.memory = p->memory;
    TRY(corpus_open(&in->corpus, p->inputs, p->input_count, &p->reader_options, error));
    in->corpus.documents.keep_lines = true;
    return BERT_OK;
}

/* --------------------------------------------------------------------------------- report --- */

typedef struct character {
    uint64_t count;
    uint32_t code;
} character;

static int compare_characters(const void *left, const void *right)
{
    const character *a = left, *b = right;
    return a->count != b->count ? (a->count > b->count ? -1 : 1)
                                : (a->code > b->code) - (a->code < b->code);
}

static bert_status list_uncovered(inspection *in, bert_error *error)
{
    bert_corpus_report *report = in->report;
    for (uint32_t code = 0; code < CODES; code++) {
        report->uncovered_different += in->uncovered[code] != 0;
        report->uncovered_count += in->uncovered[code];
    }
    size_t different = report->uncovered_different, next = 0;
    size_t listed = different < in->params->top ? different : in->params->top;
    character *characters;
    TRY(memory_array((void **)&characters, different, sizeof *characters, "characters", error));
    for (uint32_t code = 0; code < CODES; code++)
        if (in->uncovered[code])
            characters[next++] = (character){in->uncovered[code], code};
    qsort(characters, different, sizeof *characters, compare_characters);
    bert_status status = memory_array((void **)&report->uncovered.entries, listed,
                                      sizeof *report->uncovered.entries, "characters", error);
    for (size_t i = 0; i < listed && status == BERT_OK; i++) {
        unsigned char bytes[4];
        size_t length = (size_t)unicode_encode(characters[i].code, bytes);
        status = counted_texts_add(&report->uncovered, (const char *)bytes, length, length,
                                   characters[i].count, error);
    }
    free(characters);
    return status;
}

static bert_status list_longest(inspection *in, bert_error *error)
{
    bert_counted_texts *list = &in->report->longest_words;
    TRY(memory_array((void **)&list->entries, in->longest_count, sizeof *list->entries, "words",
                     error));
    for (size_t i = 0; i < in->longest_count; i++)
        TRY(counted_texts_add(list, in->longest[i].text.data, in->longest[i].text.length,
                              WORD_SHOWN_BYTES, in->longest[i].characters, error));
    return BERT_OK;
}

static bert_status fill_report(inspection *in, bert_error *error)
{
    bert_corpus_report *report = in->report;
    report->invalid_bytes = corpus_invalid_bytes(&in->corpus);
    report->repeated_count = in->repeated.repeated;
    report->repeated_error = in->repeated.lost;
    TRY(list_uncovered(in, error));
    TRY(list_longest(in, error));
    return repeated_lines_list(&in->repeated, in->params->top, &report->repeated_lines, error);
}

static void release(inspection *in)
{
    bert_tokenizer_free(in->tokenizer);
    coverage_free(&in->coverage);
    corpus_close(&in->corpus);
    text_free(&in->document);
    text_free(&in->block);
    free(in->continues);
    free(in->uncovered);
    repeated_lines_free(&in->repeated);
    for (size_t i = 0; in->longest && i < in->params->top; i++)
        text_free(&in->longest[i].text);
    free(in->longest);
}

bert_status bert_inspect_corpus(const bert_inspect_corpus_params *params,
                                bert_corpus_report *report, bool *finished,
                                const bert_observer *observer, bert_error *error)
{
    *report = (bert_corpus_report){0};
    *finished = false;
    inspection in = {.params = params, .report = report};
    bert_status status;
    TRY_OR_GO(status, start(&in, error), done);
    tokenizer_warn(in.tokenizer, params->tokenizer, observer);
    TRY_OR_GO(status, read_documents(&in, observer, finished, error), done);
    status = fill_report(&in, error);
done:
    release(&in);
    return status;
}

static void counted_texts_free(bert_counted_texts *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->entries[i].text);
    free(list->entries);
}

void bert_corpus_report_free(bert_corpus_report *report)
{
    counted_texts_free(&report->uncovered);
    counted_texts_free(&report->longest_words);
    counted_texts_free(&report->repeated_lines);
    *report = (bert_corpus_report){0};
}
