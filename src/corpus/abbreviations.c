#include "corpus/abbreviations.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/uloc.h>
#include <unicode/ures.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>

enum {
    BYTES_MAX = 64, /* of an abbreviation */
    CHAINS = 1024,
    ORDINAL_DIGITS = 2, /* "3. Mai"; longer numbers are years */
    NUMBER_BYTES = 16   /* of a number at the beginning of a sentence: "3.1.2." */
};

/* An abbreviation up to its last full stop ("z. B") or up to one within it ("z"). */
typedef struct entry {
    struct entry *next;
    bool before_digit;
    unsigned char size, rest_size;
    char text[BYTES_MAX], rest[BYTES_MAX]; /* rest: what follows its full stop, "B." */
} entry;

struct abbreviations {
    entry *chains[2][CHAINS];      /* as written; in lower case */
    const abbreviation_list *list; /* NULL: none */
    bool has_language;
};

typedef struct word {
    const char *data;
    size_t size;
} word;

/* ---------------------------------------------------------------------------- characters --- */

static bool is_word_character(UChar32 character)
{
    /* marks are part of letters, and format characters (soft hyphens) stand within words */
    return u_isalnum(character) || (U_GET_GC_MASK(character) & (U_GC_M_MASK | U_GC_CF_MASK));
}

static bool is_word_before(const char *text, size_t start, size_t at)
{
    UChar32 character;
    if (at == start)
        return false;
    U8_PREV_UNSAFE(text, at, character);
    return is_word_character(character);
}

/* The bytes of a space at `at`, also of one that no line is broken at, as typography demands in
 * abbreviations; 0 if there is none. */
static size_t space_size(const char *text, size_t length, size_t at)
{
    static const char *const spaces[] = {" ", "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x89"};
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        size_t size = strlen(spaces[i]);
        if (at < length && length - at >= size && memcmp(text + at, spaces[i], size) == 0)
            return size;
    }
    return 0;
}

/* The end of text[start, end) without spaces at its end. */
static size_t before_spaces(const char *text, size_t start, size_t end)
{
    while (end > start) {
        size_t at = end;
        UChar32 character;
        U8_PREV_UNSAFE(text, at, character);
        if (!u_isUWhiteSpace(character))
            break;
        end = at;
    }
    return end;
}

/* ------------------------------------------------------------------------------- entries --- */

/* By the last letter, and the one before it if there is one in the word. */
static size_t chain_of(unsigned char last, unsigned char before)
{
    return (last * 37U + before * 5U) % CHAINS;
}

static size_t entry_chain(const char *text, size_t size)
{
    unsigned char before = size > 1 ? (unsigned char)text[size - 2] : 0;
    return chain_of((unsigned char)text[size - 1], before == ' ' || before == '.' ? 0 : before);
}

static bert_status add(abbreviations *abbreviations, int form, word text, word rest,
                       bool before_digit, bert_error *error)
{
    entry *added;
    TRY(memory_array((void **)&added, 1, sizeof *added, "abbreviations", error));
    entry **chain = &abbreviations->chains[form][entry_chain(text.data, text.size)];
    memcpy(added->text, text.data, text.size);
    memcpy(added->rest, rest.data, rest.size);
    added->size = (unsigned char)text.size;
    added->rest_size = (unsigned char)rest.size;
    added->before_digit = before_digit;
    added->next = *chain;
    *chain = added;
    return BERT_OK;
}

/* "z. B." is entered as "z. B" and, at its first full stop, as "z" before "B.". */
static bert_status add_parts(abbreviations *abbreviations, int form, word text, bool before_digit,
                             bert_error *error)
{
    for (size_t i = 1; i + 2 < text.size; i++)
        if (text.data[i] == '.' && text.data[i + 1] == ' ')
            TRY(add(abbreviations, form, (word){text.data, i},
                    (word){text.data + i + 2, text.size - i - 2}, false, error));
    return add(abbreviations, form, (word){text.data, text.size - 1}, (word){"", 0}, before_digit,
               error);
}

/* Copies a text with all letters, or the first one, mapped; false if it becomes too long. */
static bool map_letters(char out[BYTES_MAX], word *text, UChar32 (*map)(UChar32), bool first_only)
{
    size_t size = 0;
    for (size_t i = 0; i < text->size;) {
        UChar32 character;
        bool is_mapped = i == 0 || !first_only;
        U8_NEXT(text->data, i, text->size, character);
        if (character < 0 || size + U8_MAX_LENGTH > BYTES_MAX)
            return false;
        U8_APPEND_UNSAFE(out, size, is_mapped ? map(character) : character);
    }
    *text = (word){out, size};
    return true;
}

static bool holds(const char *list, word text)
{
    for (const char *at = list; at && *at;) {
        size_t size = strcspn(at, ",");
        if (size == text.size && memcmp(at, text.data, size) == 0)
            return true;
        at += size + (at[size] == ',');
    }
    return false;
}

static bool is_word(const abbreviations *abbreviations, word text)
{
    return abbreviations->list && holds(abbreviations->list->words, text);
}

/* Whether one of the list's words is this text but for case. */
static bool is_word_in_lower_case(const abbreviations *abbreviations, word text)
{
    char upper[BYTES_MAX];
    word capitalized = text;
    return is_word(abbreviations, text) ||
           (map_letters(upper, &capitalized, u_toupper, true) &&
            is_word(abbreviations, capitalized)) ||
           (map_letters(upper, &capitalized, u_toupper, false) &&
            is_word(abbreviations, capitalized));
}

static bert_status add_forms(abbreviations *abbreviations, word text, bool before_digit,
                             bool capitalize, bert_error *error)
{
    char mapped[BYTES_MAX];
    if (text.size < 2 || text.size > BYTES_MAX - U8_MAX_LENGTH || text.data[text.size - 1] != '.' ||
        text.data[0] == '.' || text.data[0] == ' ')
        return BERT_OK;
    TRY(add_parts(abbreviations, 0, text, before_digit, error));
    word other = text;
    if (capitalize && map_letters(mapped, &other, u_toupper, true) &&
        memcmp(mapped, text.data, text.size < other.size ? text.size : other.size) != 0)
        TRY(add_parts(abbreviations, 0, other, before_digit, error));
    other = text;
    if (!map_letters(mapped, &other, u_tolower, false) ||
        is_word_in_lower_case(abbreviations, other))
        return BERT_OK;
    return add_parts(abbreviations, 1, other, before_digit, error);
}

static bert_status add_list(abbreviations *abbreviations, const char *list, bool before_digit,
                            bert_error *error)
{
    for (const char *at = list; at && *at;) {
        size_t size = strcspn(at, ",");
        TRY(add_forms(abbreviations, (word){at, size}, before_digit, true, error));
        at += size + (at[size] == ',');
    }
    return BERT_OK;
}

/* Whether ICU's data is that of the language, not of the machine's own language, which ICU gives
 * for one that it does not have. */
static bool is_of_language(const UResourceBundle *bundle, const char *language)
{
    char actual[ULOC_LANG_CAPACITY];
    UErrorCode code = U_ZERO_ERROR;
    const char *locale = ures_getLocaleByType(bundle, ULOC_ACTUAL_LOCALE, &code);
    uloc_getLanguage(locale ? locale : "", actual, sizeof actual, &code);
    return U_SUCCESS(code) && strcmp(actual, language) == 0;
}

/* CLDR's suppressions. */
static bert_status add_suppressions(abbreviations *abbreviations, const char *locale,
                                    const char *language, bert_error *error)
{
    UErrorCode code = U_ZERO_ERROR, none = U_ZERO_ERROR;
    UResourceBundle *all = ures_open(U_ICUDATA_NAME "-brkitr", locale, &code);
    bool has_data = U_SUCCESS(code) && is_of_language(all, language);
    UResourceBundle *exceptions = has_data ? ures_getByKey(all, "exceptions", NULL, &none) : NULL;
    UResourceBundle *list =
        exceptions ? ures_getByKey(exceptions, "SentenceBreak", NULL, &none) : NULL;
    bert_status status = BERT_OK;
    for (int32_t i = 0; list && i < ures_getSize(list) && status == BERT_OK; i++) {
        char text[BYTES_MAX];
        int32_t size, length = 0;
        UErrorCode read = U_ZERO_ERROR;
        const UChar *suppression = ures_getStringByIndex(list, i, &size, &read);
        if (U_SUCCESS(read))
            u_strToUTF8(text, BYTES_MAX, &length, suppression, size, &read);
        bool is_letter = size == 2 && u_isupper(suppression[0]); /* is_initial's */
        if (U_SUCCESS(read) && !is_letter && !is_word(abbreviations, (word){text, (size_t)length}))
            status = add_forms(abbreviations, (word){text, (size_t)length}, false, false, error);
    }
    ures_close(list);
    ures_close(exceptions);
    ures_close(all);
    return status;
}

static const abbreviation_list *find_list(const char *language)
{
    bool is_norwegian = strcmp(language, "no") == 0 || strcmp(language, "nn") == 0;
    for (size_t i = 0; i < abbreviation_list_count; i++)
        if (strcmp(abbreviation_lists[i].language, is_norwegian ? "nb" : language) == 0)
            return &abbreviation_lists[i];
    return NULL;
}

bert_status abbreviations_create(abbreviations **out, const char *locale, bert_error *error)
{
    char language[ULOC_LANG_CAPACITY];
    UErrorCode code = U_ZERO_ERROR;
    *out = NULL;
    uloc_getLanguage(locale, language, sizeof language, &code);
    abbreviations *created;
    TRY(memory_array((void **)&created, 1, sizeof *created, "abbreviations", error));
    created->has_language = U_SUCCESS(code) && *language && strcmp(language, "und") != 0;
    created->list = created->has_language ? find_list(language) : NULL;
    bert_status status =
        created->has_language ? add_suppressions(created, locale, language, error) : BERT_OK;
    if (created->list && status == BERT_OK)
        status = add_list(created, created->list->always, false, error);
    if (created->list && status == BERT_OK)
        status = add_list(created, created->list->before_digit, true, error);
    if (status == BERT_OK)
        *out = created;
    else
        abbreviations_free(created);
    return status;
}

void abbreviations_free(abbreviations *abbreviations)
{
    if (!abbreviations)
        return;
    for (int form = 0; form < 2; form++)
        for (size_t i = 0; i < CHAINS; i++)
            while (abbreviations->chains[form][i]) {
                entry *next = abbreviations->chains[form][i]->next;
                free(abbreviations->chains[form][i]);
                abbreviations->chains[form][i] = next;
            }
    free(abbreviations);
}

/* ------------------------------------------------------------------------------ matching --- */

/* Whether text[start, end) ends with the abbreviation, as a word. */
static bool ends_with(const char *text, size_t start, size_t end, const entry *entry)
{
    size_t at = end;
    for (size_t i = entry->size; i > 0; i--) {
        if (entry->text[i - 1] == ' ') {
            size_t before = before_spaces(text, start, at);
            at = before;
            continue;
        }
        if (at == start || text[at - 1] != entry->text[i - 1])
            return false;
        at--;
    }
    return !is_word_before(text, start, at);
}

/* Whether text[at, length) begins with the rest of an abbreviation. */
static bool begins_with(const char *text, size_t at, size_t length, const entry *entry)
{
    for (size_t i = 0; i < entry->rest_size; i++) {
        size_t space;
        if (entry->rest[i] == ' ') {
            while ((space = space_size(text, length, at)) > 0)
                at += space;
            continue;
        }
        if (at == length || text[at] != entry->rest[i])
            return false;
        at++;
    }
    return true;
}

/* The size of digits, or of a Roman numeral of several letters, at `at`; 0 if there is none. A
 * single letter is not taken for one: "No. I …". */
static size_t number_size(const char *text, size_t at, size_t length, bool lower_case)
{
    size_t size = 0;
    if (at < length && text[at] >= '0' && text[at] <= '9') {
        while (at + size < length && text[at + size] >= '0' && text[at + size] <= '9')
            size++;
        return size;
    }
    while (at + size < length && memchr(lower_case ? "ivx" : "IVX", text[at + size], 3))
        size++;
    UChar32 next = 0;
    if (at + size < length)
        U8_GET_UNSAFE(text, at + size, next);
    return size > 1 && !is_word_character(next) ? size : 0;
}

static bool ends_with_abbreviation(const abbreviations *abbreviations, const char *text,
                                   size_t length, size_t start, size_t stop, size_t border,
                                   bool lower_case)
{
    unsigned char last = (unsigned char)text[stop - 1];
    unsigned char before = stop > start + 1 ? (unsigned char)text[stop - 2] : 0;
    for (int i = 0; i < 2; i++) { /* one of several letters, one of a single letter */
        const entry *entry = abbreviations->chains[lower_case][chain_of(last, i == 0 ? before : 0)];
        for (; entry; entry = entry->next)
            if (ends_with(text, start, stop, entry) && begins_with(text, border, length, entry) &&
                (!entry->before_digit || number_size(text, border, length, lower_case) > 0))
                return true;
    }
    return false;
}

static bool is_letter_before(const char *text, size_t start, size_t *at, bool lower_case)
{
    UChar32 character;
    if (*at == start)
        return false;
    U8_PREV_UNSAFE(text, *at, character);
    return lower_case ? u_islower(character) : u_isupper(character);
}

/* "J." in "J. S. Bach", also in "J.S. Bach": a single letter, in capitals if there are any. */
static bool is_initial(const char *text, size_t start, size_t stop, bool lower_case)
{
    size_t at = stop, before;
    if (!is_letter_before(text, start, &at, lower_case) || is_word_before(text, start, at))
        return false;
    before = at - 1;
    return at == start || text[before] != '.' ||
           is_letter_before(text, start, &before, lower_case); /* not "z.B." */
}

/* Whether the word at `at` does not begin a sentence after a number: "3. Mai". */
static bool follows_ordinal(const abbreviations *abbreviations, const char *text, size_t at,
                            size_t length)
{
    size_t size = 0;
    while (at + size < length) {
        size_t next = at + size;
        UChar32 character;
        U8_NEXT_UNSAFE(text, next, character);
        if (!is_word_character(character))
            break;
        size = next - at;
    }
    char mapped[BYTES_MAX];
    word first = {text + at, size};
    return size > 0 && (size > BYTES_MAX || !map_letters(mapped, &first, u_tolower, false) ||
                        !holds(abbreviations->list->after_number, first));
}

/* "am 3. Mai", "Karl IV. Ludwig" in languages that write so; "3. 4. 1999" in all. */
static bool is_ordinal(const abbreviations *abbreviations, const char *text, size_t length,
                       size_t start, size_t stop, size_t border, bool lower_case)
{
    size_t at = stop;
    while (at > start && text[at - 1] >= '0' && text[at - 1] <= '9')
        at--;
    size_t digits = stop - at;
    if (digits == 0 && !lower_case)
        while (at > start && memchr("IVX", text[at - 1], 3))
            at--;
    if (at == stop || digits > ORDINAL_DIGITS || is_word_before(text, start, at) ||
        (at > start && (text[at - 1] == '.' || text[at - 1] == ',')))
        return false;
    if (border < length && text[border] >= '0' && text[border] <= '9') {
        size_t next = number_size(text, border, length, false);
        return digits > 0 && next <= ORDINAL_DIGITS && border + next < length &&
               text[border + next] == '.';
    }
    return abbreviations->list && abbreviations->list->after_number &&
           follows_ordinal(abbreviations, text, border, length);
}

/* "1.", "3.2.": the number of what follows, not a sentence. */
static bool is_number_alone(const char *text, size_t start, size_t stop)
{
    bool has_digit = false;
    if (stop - start > NUMBER_BYTES)
        return false;
    for (size_t i = start; i < stop; i++) {
        bool is_digit = text[i] >= '0' && text[i] <= '9';
        if (!is_digit && !memchr(" .()", text[i], 4))
            return false;
        has_digit |= is_digit;
    }
    return has_digit;
}

bool abbreviations_continue(const abbreviations *abbreviations, const char *text, size_t length,
                            size_t start, size_t border, bool lower_case)
{
    size_t stop = before_spaces(text, start, border);
    if (border == length || stop < start + 2 || text[stop - 1] != '.' ||
        !(abbreviations->has_language || lower_case))
        return false;
    stop = lower_case ? before_spaces(text, start, stop - 1) : stop - 1;
    if (stop == start)
        return false;
    return ends_with_abbreviation(abbreviations, text, length, start, stop, border, lower_case) ||
           is_initial(text, start, stop, lower_case) ||
           is_ordinal(abbreviations, text, length, start, stop, border, lower_case) ||
           is_number_alone(text, start, stop);
}
