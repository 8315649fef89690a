#include "tokenizer/internal.h"

#include "base/memory.h"
#include "base/observer.h"
#include "tokenizer/case.h"

#include <stdio.h>
#include <string.h>

/* A vocabulary is for a script with case where it has so many words with such letters, and where
 * they are such a share of it: bert-base-chinese, with a sixth, is not. It is a cased one where so
 * many of them, and such a share, have capitals: published uncased vocabularies have none or one of
 * a thousand, cased ones a third. */
enum { LETTERED_LEAST = 100, CAPITALS_LEAST = 10 };
static const double lettered_share = 1.0 / 3, capitals_share = 0.02, stray_share = 0.001;

/* Sets of code points; there is no case beyond them. */
enum { CASED_CODES = 0x20000 };
typedef struct cased_letters {
    uint64_t capital[CASED_CODES / 64], small[CASED_CODES / 64];
} cased_letters;

static void put_letter(uint64_t *set, uint32_t code)
{
    if (code < CASED_CODES)
        set[code / 64] |= UINT64_C(1) << code % 64;
}

static bool has_letter(const uint64_t *set, uint32_t code)
{
    return code < CASED_CODES && set[code / 64] >> code % 64 & 1;
}

static void find_letters(cased_letters *letters)
{
    size_t count;
    const unicode_mapping *mappings = unicode_lowercase_mappings(&count);
    *letters = (cased_letters){0};
    for (size_t i = 0; i < count; i++) {
        put_letter(letters->capital, mappings[i].code);
        put_letter(letters->small, mappings[i].to[0]);
    }
}

case_counts case_count(const bert_tokenizer *t)
{
    case_counts counts = {0};
    cased_letters letters;
    find_letters(&letters);
    for (size_t id = 0; id < t->vocabulary.size; id++) {
        const vocabulary_token *token = &t->vocabulary.tokens[id];
        const char *text = vocabulary_token_text(&t->vocabulary, (int32_t)id);
        size_t length = token->length, i = 0, characters = 0;
        bool small = false, capital = false, valid;
        if (!text || token->added || token->outside)
            continue;
        if (length > 2 && text[0] == '#' && text[1] == '#')
            i = 2;
        else if (length > 2 && text[0] == '[' && text[length - 1] == ']')
            continue; /* [unused1] and the like */
        counts.tokens++;
        for (uint32_t code; i < length; characters++) {
            i += (size_t)unicode_decode((const unsigned char *)text + i, length - i, &code, &valid);
            capital |= has_letter(letters.capital, code);
            small |= has_letter(letters.small, code);
        }
        if (characters < 2 || !(small || capital))
            continue;
        counts.lettered++;
        counts.capitals += capital;
    }
    return counts;
}

/* Writes a warning into `message` where there is one. */
static bool warn_case(const bert_tokenizer *t, char *message, size_t size)
{
    case_counts counts = case_count(t);
    double share = counts.lettered ? (double)counts.capitals / (double)counts.lettered : 0;
    if (t->settings.lowercase && counts.capitals >= CAPITALS_LEAST && share >= capitals_share) {
        snprintf(message, size,
                 "%zu of its %zu words and pieces of words have capitals, but the text is "
                 "lower-cased, so that it never has them; if the vocabulary is cased, say "
                 "options->lowercase = false with the tokenizer, or \"do_lower_case\": false in "
                 "tokenizer_config.json of its folder",
                 counts.capitals, counts.lettered);
        return true;
    }
    bool has_case = counts.lettered >= LETTERED_LEAST &&
                    (double)counts.lettered >= lettered_share * (double)counts.tokens;
    if (!t->settings.lowercase && has_case && share < stray_share) {
        snprintf(message, size,
                 "%zu of its %zu words and pieces of words have capitals, but the text keeps its "
                 "case, so that a word with a capital is %s or single letters; if the vocabulary "
                 "is uncased, say options->lowercase = true with the tokenizer, or "
                 "\"do_lower_case\": true in tokenizer_config.json of its folder",
                 counts.capitals, counts.lettered,
                 vocabulary_token_text(&t->vocabulary, t->special.unk));
        return true;
    }
    return false;
}

static bool warn_renumbered(const bert_tokenizer *t, char *message, size_t size)
{
    if (t->renumbered == 0)
        return false;
    snprintf(message, size,
             "added token \"%.60s\" has id %d in the files, but gets %d, as in Hugging Face's "
             "tokenizers: an added token keeps the id that the vocabulary has for it, or is "
             "numbered after the vocabulary",
             vocabulary_token_text(&t->vocabulary, t->renumbered_as), t->renumbered - 1,
             t->renumbered_as);
    return true;
}

bool bert_tokenizer_warning(const bert_tokenizer *t, size_t number, char *message, size_t size)
{
    static bool (*const all[])(const bert_tokenizer *, char *, size_t) = {warn_case,
                                                                          warn_renumbered};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i](t, message, size) && number-- == 0)
            return true;
    return false;
}

void tokenizer_warn(const bert_tokenizer *t, const char *path, const bert_observer *observer)
{
    char message[512];
    for (size_t i = 0; bert_tokenizer_warning(t, i, message, sizeof message); i++)
        observer_message(observer, BERT_MESSAGE_WARNING, "%s: %s", path, message);
}
