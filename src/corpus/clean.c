#include "corpus/clean.h"
#include "corpus/unspaced.h"
#include "options/options.h"

#include <string.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>
#include <xxhash.h>

bert_cleaning_options cleaning_options_default(void)
{
    return (bert_cleaning_options){
        .max_digits = 1, .max_punctuation = 1, .min_script = 0.5, .memory = 256 << 20};
}

const char *bert_dropped_name(bert_dropped reason)
{
    static const char *const names[BERT_DROPPED_REASONS] = {
        "emptied",          "too_short",    "too_long",  "few_letters",   "many_digits",
        "much_punctuation", "other_script", "duplicate", "near_duplicate"};
    return (unsigned)reason < BERT_DROPPED_REASONS ? names[reason] : NULL;
}

/* -------------------------------------------------------------------------------- options --- */

static bert_status check_bounds(const char *what, uint64_t minimum, uint64_t maximum,
                                bert_error *error)
{
    return maximum == 0 || minimum <= maximum
               ? BERT_OK
               : error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                           "params->min_%s is %llu, more than params->max_%s, which is %llu", what,
                           (unsigned long long)minimum, what, (unsigned long long)maximum);
}

static bert_status find_script(const char *name, int *script, bert_error *error)
{
    *script = name ? u_getPropertyValueEnum(UCHAR_SCRIPT, name) : -1;
    return !name || *script != UCHAR_INVALID_CODE
               ? BERT_OK
               : error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                           "params->script is \"%s\", expected the Unicode name of a script, e.g. "
                           "Latin, Cyrillic, "
                           "Greek, Arabic, Devanagari, Han",
                           name);
}

bert_status cleaner_open(cleaner *cleaner, const bert_cleaning_options *options, bert_error *error)
{
    *cleaner = (struct cleaner){
        .options = *options, .lines.memory = options->memory, .documents.memory = options->memory};
    TRY(OPTIONS_CHECK(bert_cleaning_options, options, error));
    if (options->drop_near_duplicates > 0 && options->drop_near_duplicates < 0.5)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->drop_near_duplicates is %g; expected 0 or a number from 0.5 to 1",
                         options->drop_near_duplicates);
    TRY(check_bounds("words", options->min_words, options->max_words, error));
    TRY(check_bounds("characters", options->min_characters, options->max_characters, error));
    TRY(find_script(options->script, &cleaner->script, error));
    return options->drop_near_duplicates > 0
               ? near_duplicates_open(&cleaner->near, options->drop_near_duplicates,
                                      options->memory, error)
               : BERT_OK;
}

void cleaner_close(cleaner *cleaner)
{
    hash_counts_free(&cleaner->lines);
    hash_counts_free(&cleaner->documents);
    near_duplicates_close(cleaner->near);
    cleaner->near = NULL;
    text_free(&cleaner->kept);
}

/* ---------------------------------------------------------------------------------- steps --- */

static bert_status drop_repeats(cleaner *cleaner, document *document, bert_error *error)
{
    text_clear(&cleaner->kept);
    uint64_t dropped = 0;
    for (size_t at = 0; at < document->length;) {
        const char *line = document->data + at, *end = memchr(line, '\n', document->length - at);
        size_t length = end ? (size_t)(end - line) : document->length - at;
        at += length + (end != NULL);
        unsigned before;
        bool remembered;
        TRY(hash_counts_add(&cleaner->lines, XXH3_64bits(line, length), &before, &remembered,
                            error));
        cleaner->counts.not_remembered += !remembered;
        if (before >= (unsigned)cleaner->options.max_repeats) {
            dropped++;
            continue;
        }
        if (cleaner->kept.length > 0)
            TRY(text_append(&cleaner->kept, "\n", 1, error));
        TRY(text_append(&cleaner->kept, line, length, error));
    }
    cleaner->counts.repeated_paragraphs += dropped;
    if (dropped == 0)
        return BERT_OK;
    text_clear(document);
    return cleaner->kept.length > 0
               ? text_append(document, cleaner->kept.data, cleaner->kept.length, error)
               : BERT_OK;
}

typedef struct measures {
    uint64_t characters, words, visible; /* visible: not white space */
    uint64_t letters, digits, punctuation, in_script, in_scripts;
} measures;

/* Words are separated by white space, and by text of a script without spaces, whose letters are
 * counted (unspaced.h). */
typedef struct word_counter {
    uint64_t words, sixths;
    bool in_run;     /* the last character was not white space */
    bool in_word;    /* nor of a script without spaces, and a word was counted, */
    bool has_letter; /* in which there is a letter or digit */
} word_counter;

static void count_character(word_counter *counter, UChar32 character, bool is_space)
{
    if (is_space) {
        counter->in_run = counter->in_word = false;
        return;
    }
    unsigned sixths = unspaced_sixths(character);
    uint32_t kind = character < 0x80 ? 0 : U_GET_GC_MASK(character);
    if (sixths > 0 && kind & (U_GC_L_MASK | U_GC_M_MASK | U_GC_NL_MASK)) {
        counter->sixths += kind & U_GC_M_MASK ? 0 : sixths;
        if (counter->in_word && !counter->has_letter) /* it was but a bracket */
            counter->words--;
        counter->in_run = true;
        counter->in_word = false;
        return;
    }
    bool is_letter = character < 0x80 ? (character >= '0' && character <= '9') ||
                                            ((character | 32) >= 'a' && (character | 32) <= 'z')
                                      : (kind & (U_GC_L_MASK | U_GC_N_MASK)) != 0;
    if (!counter->in_word && (!counter->in_run || is_letter)) {
        counter->words++;
        counter->in_word = true;
        counter->has_letter = false;
    }
    counter->has_letter |= is_letter;
    counter->in_run = true;
}

static void measure_character(measures *measures, UChar32 character, int script)
{
    uint32_t kind = U_GET_GC_MASK(character);
    measures->visible++;
    measures->digits += (kind & U_GC_N_MASK) != 0;
    measures->punctuation += (kind & (U_GC_P_MASK | U_GC_S_MASK)) != 0;
    bool is_letter = (kind & (U_GC_L_MASK | U_GC_M_MASK)) != 0; /* count marks as letters */
    measures->letters += is_letter;
    if (!is_letter || script < 0)
        return;
    UErrorCode status = U_ZERO_ERROR;
    UScriptCode its = uscript_getScript(character, &status);
    if (U_SUCCESS(status) &&
        its > USCRIPT_INHERITED) { /* not common or inherited: specific to a script */
        measures->in_scripts++;
        measures->in_script += its == (UScriptCode)script;
    }
}

static measures measure(const document *document, int script)
{
    measures measures = {0};
    word_counter counter = {0};
    for (size_t at = 0; at < document->length;) {
        UChar32 character;
        U8_NEXT(document->data, at, document->length, character);
        bool is_space = u_isUWhiteSpace(character);
        measures.characters++;
        count_character(&counter, character, is_space);
        if (!is_space)
            measure_character(&measures, character, script);
    }
    measures.words = counter.words + (counter.sixths + 5) / 6;
    return measures;
}

enum { KEPT = BERT_DROPPED_REASONS };

/* The reason of the first limit that the document violates, or KEPT. */
static int find_violation(const cleaner *cleaner, const document *document)
{
    const bert_cleaning_options *options = &cleaner->options;
    measures measured = measure(document, cleaner->script);
    double visible = (double)measured.visible;
    if (measured.words < options->min_words || measured.characters < options->min_characters)
        return BERT_DROPPED_TOO_SHORT;
    if ((options->max_words > 0 && measured.words > options->max_words) ||
        (options->max_characters > 0 && measured.characters > options->max_characters))
        return BERT_DROPPED_TOO_LONG;
    if ((double)measured.letters < options->min_letters * visible)
        return BERT_DROPPED_FEW_LETTERS;
    if ((double)measured.digits > options->max_digits * visible)
        return BERT_DROPPED_MANY_DIGITS;
    if ((double)measured.punctuation > options->max_punctuation * visible)
        return BERT_DROPPED_MUCH_PUNCTUATION;
    if (cleaner->script >= 0 &&
        (measured.in_scripts == 0 ||
         (double)measured.in_script < options->min_script * (double)measured.in_scripts))
        return BERT_DROPPED_OTHER_SCRIPT;
    return KEPT;
}

static bool has_bounds(const bert_cleaning_options *options)
{
    return options->min_words > 0 || options->max_words > 0 || options->min_characters > 0 ||
           options->max_characters > 0 || options->min_letters > 0 || options->max_digits < 1 ||
           options->max_punctuation < 1 || options->script;
}

bool cleaning_is_off(const bert_cleaning_options *options)
{
    return options->max_repeats == 0 && !has_bounds(options) && !options->drop_duplicates &&
           options->drop_near_duplicates == 0;
}

static bert_status find_duplicate(cleaner *cleaner, const document *document, int *dropped,
                                  bert_error *error)
{
    unsigned before = 0;
    bool remembered = true, is_near = false;
    if (cleaner->options.drop_duplicates)
        TRY(hash_counts_add(&cleaner->documents, XXH3_64bits(document->data, document->length),
                            &before, &remembered, error));
    if (before > 0) {
        *dropped = BERT_DROPPED_DUPLICATE;
        return BERT_OK;
    }
    cleaner->counts.not_remembered += !remembered;
    if (!cleaner->near)
        return BERT_OK;
    TRY(near_duplicates_check(cleaner->near, document->data, document->length, &is_near,
                              &remembered, error));
    cleaner->counts.not_remembered += !remembered;
    if (is_near)
        *dropped = BERT_DROPPED_NEAR_DUPLICATE;
    return BERT_OK;
}

bert_status cleaner_apply(cleaner *cleaner, document *document, bool *keep, bert_error *error)
{
    int dropped = KEPT;
    cleaner->counts.documents++;
    if (cleaner->options.max_repeats > 0)
        TRY(drop_repeats(cleaner, document, error));
    if (document->length == 0)
        dropped = BERT_DROPPED_EMPTIED;
    else if (has_bounds(&cleaner->options))
        dropped = find_violation(cleaner, document);
    if (dropped == KEPT)
        TRY(find_duplicate(cleaner, document, &dropped, error));
    *keep = dropped == KEPT;
    if (!*keep)
        cleaner->counts.dropped[dropped]++;
    return BERT_OK;
}
