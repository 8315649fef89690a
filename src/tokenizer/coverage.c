#include "tokenizer/coverage.h"

#include "base/memory.h"
#include "tokenizer/internal.h"
#include "tokenizer/words.h"

#include <stdlib.h>
#include <string.h>

enum { CODES = UNICODE_PAGES << 8 };

static uint32_t next_code(const unsigned char *bytes, size_t length, size_t *position)
{
    uint32_t code;
    bool valid;
    *position += (size_t)unicode_decode(bytes + *position, length - *position, &code, &valid);
    return code;
}

/* The text of a token without the ## prefix. */
static const unsigned char *spelling(const bert_tokenizer *t, size_t id, size_t *length,
                                     bool *continuing)
{
    const char *token = vocabulary_token_text(&t->vocabulary, (int32_t)id);
    *length = token ? t->vocabulary.tokens[id].length : 0;
    *continuing = *length > 2 && memcmp(token, "##", 2) == 0;
    *length -= *continuing ? 2 : 0;
    return (const unsigned char *)token + (*continuing ? 2 : 0);
}

bert_status coverage_build(coverage *c, const bert_tokenizer *t, bert_error *error)
{
    c->tokenizer = t;
    TRY(memory_array((void **)&c->covered, CODES / 64, sizeof *c->covered, "characters", error));
    for (size_t id = 0; id < t->vocabulary.size; id++) {
        size_t length;
        bool continuing;
        const unsigned char *bytes = spelling(t, id, &length, &continuing);
        if (t->vocabulary.tokens[id].added)
            continue;
        for (size_t i = 0; i < length;) {
            uint32_t code = next_code(bytes, length, &i);
            c->covered[code / 64] |= (uint64_t)1 << code % 64;
        }
    }
    return BERT_OK;
}

void coverage_free(coverage *c)
{
    free(c->covered);
    *c = (coverage){0};
}

typedef struct check {
    const coverage *coverage;
    coverage_callback *uncovered;
    void *context;
    size_t characters;
} check;

static bert_status check_word(void *context, const word_reader *r)
{
    check *check = context;
    check->characters += r->characters;
    for (size_t i = 0; i < r->length;) {
        uint32_t code = next_code(r->bytes, r->length, &i);
        if (!(check->coverage->covered[code / 64] >> code % 64 & 1))
            check->uncovered(check->context, code);
    }
    return BERT_OK;
}

bert_status coverage_check(const coverage *c, const char *word, size_t length,
                           coverage_callback *uncovered, void *context, size_t *characters,
                           bert_error *error)
{
    check check = {.coverage = c, .uncovered = uncovered, .context = context};
    word_reader r = {.normalizer = &c->tokenizer->normalizer,
                     .text = (const unsigned char *)word,
                     .end = length,
                     .max_characters = SIZE_MAX,
                     .error = error,
                     .word = check_word,
                     .context = &check};
    bert_status status = BERT_OK;
    for (size_t position = 0; position < length && status == BERT_OK;) {
        if (!word_reader_at_border(&r, position)) {
            status = word_reader_stretch(&r, &position);
            continue;
        }
        uint32_t code = r.text[position++]; /* ASCII punctuation: a word of its own */
        check.characters++;
        if (!(c->covered[code / 64] >> code % 64 & 1))
            uncovered(context, code);
    }
    *characters = check.characters;
    word_reader_free(&r);
    return status;
}

void bert_tokenizer_describe(const bert_tokenizer *t, bert_tokenizer_description *out)
{
    *out = (bert_tokenizer_description){
        .vocab_size = t->vocabulary.size,
        .lowercase = t->settings.lowercase,
        .strip_accents = t->settings.strip_accents,
        .handle_chinese_chars = t->settings.handle_chinese_chars,
        .clean_text = t->settings.clean_text,
        .max_input_chars_per_word = t->max_input_chars_per_word,
    };
    for (size_t id = 0; id < t->vocabulary.size; id++) {
        const vocabulary_token *token = &t->vocabulary.tokens[id];
        size_t length, position = 0;
        bool continuing;
        const unsigned char *bytes = spelling(t, id, &length, &continuing);
        if (length == 0) {
            out->missing++;
        } else if (token->added) {
            *(token->special ? &out->special : &out->added) += 1;
        } else {
            next_code(bytes, length, &position);
            *(continuing ? &out->continuing : &out->beginning) += 1;
            if (position == length)
                *(continuing ? &out->continuing_characters : &out->characters) += 1;
        }
    }
}
