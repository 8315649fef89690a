#include "corpus/sentences.h"

#include "base/memory.h"
#include "corpus/abbreviations.h"
#include "corpus/lower_case.h"
#include "corpus/sentence_rules.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/uloc.h>
#include <unicode/utext.h>
#include <unicode/utf8.h>

struct sentences {
    sentence_rules *rules; /* NULL: use ICU for every boundary */
    abbreviations *abbreviations;
    UBreakIterator *breaks;
    UText paragraph_text;
    const char *text;
    size_t length;
    bool lower_case;                 /* no capital letter in the text */
    size_t paragraph, paragraph_end; /* the current paragraph */
    size_t last;                     /* end of the last sentence */
    size_t boundary;                 /* the last boundary by Unicode's rules, at or after `last` */
    bool in_paragraph;
    bool is_open;       /* `breaks` is set to the paragraph, */
    size_t opened, met; /* from `opened` on; `met` is the last boundary it returned */
};

static bert_status find_locale(char locale[ULOC_FULLNAME_CAPACITY], const char *language,
                               bert_error *error)
{
    UErrorCode code = U_ZERO_ERROR;
    int32_t parsed = 0;
    char tag[ULOC_FULLNAME_CAPACITY] = ""; /* pt_BR means pt-BR */
    if (strlen(language) < sizeof tag)
        for (size_t i = 0; language[i]; i++)
            tag[i] = language[i] == '_' ? '-' : language[i];
    uloc_forLanguageTag(tag, locale, ULOC_FULLNAME_CAPACITY, &parsed, &code);
    if (U_FAILURE(code) || code == U_STRING_NOT_TERMINATED_WARNING || parsed == 0 ||
        (size_t)parsed != strlen(tag))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "\"%s\" is not a language tag, expected one like en, de or pt-BR",
                         language);
    return BERT_OK;
}

bert_status sentences_create(sentences **out, const char *language, bert_error *error)
{
    *out = NULL;
    char locale[ULOC_FULLNAME_CAPACITY];
    TRY(find_locale(locale, language, error));
    sentences *sentences;
    TRY(memory_array((void **)&sentences, 1, sizeof *sentences, "a sentence splitter", error));
    UErrorCode code = U_ZERO_ERROR;
    sentences->paragraph_text = (UText)UTEXT_INITIALIZER;
    sentences->breaks = ubrk_open(UBRK_SENTENCE, locale, NULL, 0, &code);
    if (U_FAILURE(code)) {
        sentences_free(sentences);
        return error_set(error, BERT_ERROR_MEMORY, "ICU has no sentence rules for \"%s\": %s",
                         language, u_errorName(code));
    }
    bert_status status = sentence_rules_create(&sentences->rules, sentences->breaks, error);
    if (status == BERT_OK)
        status = abbreviations_create(&sentences->abbreviations, locale, error);
    if (status == BERT_OK)
        *out = sentences;
    else
        sentences_free(sentences);
    return status;
}

void sentences_free(sentences *sentences)
{
    if (!sentences)
        return;
    sentence_rules_free(sentences->rules);
    abbreviations_free(sentences->abbreviations);
    if (sentences->breaks)
        ubrk_close(sentences->breaks);
    utext_close(&sentences->paragraph_text);
    free(sentences);
}

void sentences_start(sentences *sentences, const char *text, size_t length)
{
    sentences->text = text;
    sentences->length = length;
    sentences->paragraph_end = 0;
    sentences->paragraph = 0;
    sentences->in_paragraph = false;
    sentences->lower_case = !has_capitals(text, length);
}

/* Advances to the next paragraph that is not empty; false at the end of the text. */
static bool next_paragraph(sentences *sentences)
{
    size_t start = sentences->paragraph_end;
    while (start < sentences->length && sentences->text[start] == '\n')
        start++;
    if (start >= sentences->length)
        return false;
    const char *end = memchr(sentences->text + start, '\n', sentences->length - start);
    sentences->paragraph = sentences->last = sentences->boundary = start;
    sentences->paragraph_end = end ? (size_t)(end - sentences->text) : sentences->length;
    sentences->is_open = false;
    return true;
}

/* Starts ICU at a boundary; text before a boundary does not influence later ones. */
static bert_status open_at(sentences *sentences, size_t border, bert_error *error)
{
    UErrorCode code = U_ZERO_ERROR;
    utext_openUTF8(&sentences->paragraph_text, sentences->text + border,
                   (int64_t)(sentences->paragraph_end - border), &code);
    ubrk_setUText(sentences->breaks, &sentences->paragraph_text, &code);
    if (U_FAILURE(code))
        return error_set(error, BERT_ERROR_MEMORY, "ICU cannot split a paragraph: %s",
                         u_errorName(code));
    ubrk_first(sentences->breaks);
    sentences->is_open = true;
    sentences->opened = sentences->met = border;
    return BERT_OK;
}

/* ICU is used forwards only, because ubrk_following searches backwards for a safe position,
 * possibly far. */
static bert_status use_icu(sentences *sentences, bert_error *error)
{
    enum { NEAR = 1024 };
    size_t before = sentences->boundary;
    if (!sentences->is_open || before - sentences->met > NEAR)
        TRY(open_at(sentences, before, error));
    do {
        int32_t found = ubrk_next(sentences->breaks);
        sentences->met =
            found == UBRK_DONE ? sentences->paragraph_end : sentences->opened + (size_t)found;
    } while (sentences->met <= before && sentences->met < sentences->paragraph_end);
    sentences->boundary = sentences->met;
    return BERT_OK;
}

/* Moves `boundary` to the next one in the paragraph; it must not be at its end. */
static bert_status next_boundary(sentences *sentences, bert_error *error)
{
    size_t found, length = sentences->paragraph_end - sentences->paragraph;
    if (!sentences->rules ||
        !sentence_rules_next(sentences->rules, sentences->text + sentences->paragraph, length,
                             sentences->boundary - sentences->paragraph, &found))
        return use_icu(sentences, error);
    sentences->boundary = sentences->paragraph + found;
    return BERT_OK;
}

/* Moves `last` to the end of the next sentence of the paragraph; it must not be at its end. */
static bert_status next_border(sentences *sentences, bert_error *error)
{
    const char *paragraph = sentences->text + sentences->paragraph;
    size_t length = sentences->paragraph_end - sentences->paragraph;
    size_t start = sentences->last - sentences->paragraph, border = start;
    do {
        if (sentences->boundary - sentences->paragraph <= border)
            TRY(next_boundary(sentences, error));
        size_t boundary = sentences->boundary - sentences->paragraph;
        if (!sentences->lower_case ||
            !lower_case_border(paragraph, length, start, boundary, &border))
            border = boundary;
    } while (abbreviations_continue(sentences->abbreviations, paragraph, length, start, border,
                                    sentences->lower_case));
    sentences->last = sentences->paragraph + border;
    return BERT_OK;
}

static void trim(const char *text, size_t *start, size_t *end)
{
    UChar32 character;
    int32_t first = 0, length = (int32_t)(*end - *start);
    text += *start;
    for (int32_t next = 0; first < length; first = next) {
        U8_NEXT(text, next, length, character);
        if (!u_isUWhiteSpace(character))
            break;
    }
    for (int32_t before = length; length > first; length = before) {
        U8_PREV(text, first, before, character);
        if (!u_isUWhiteSpace(character))
            break;
    }
    *end = *start + (size_t)length;
    *start += (size_t)first;
}

bert_status sentences_next(sentences *sentences, size_t *start, size_t *end, bool *found,
                           bert_error *error)
{
    for (;;) {
        if (!sentences->in_paragraph || sentences->last == sentences->paragraph_end) {
            *found = sentences->in_paragraph = next_paragraph(sentences);
            if (!*found)
                return BERT_OK;
        }
        *start = sentences->last;
        TRY(next_border(sentences, error));
        *end = sentences->last;
        trim(sentences->text, start, end);
        *found = *start < *end;
        if (*found)
            return BERT_OK;
    }
}
