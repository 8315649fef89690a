#include "tokenizer/alphabet.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static const char *const special_tokens[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

enum { CODES = 0x110000 };

typedef struct character {
    uint32_t code;
    uint64_t count;
} character;

/* Properties of a code point. */
typedef struct letter {
    uint64_t count;                  /* occurrences; UINT64_MAX: always kept */
    int32_t first_id, continuing_id; /* 0 (the id of [PAD]): none yet */
    bool continues;                  /* occurs after the first character of a word */
} letter;

enum { PAGE_LETTERS = 256 };

/* Letters by code point, in pages, because a text uses few pages. */
typedef struct alphabet {
    letter *pages[UNICODE_PAGES];
} alphabet;

static void alphabet_free(alphabet *a)
{
    for (size_t i = 0; i < UNICODE_PAGES; i++)
        free(a->pages[i]);
}

/* Returns NULL if no code point of the page was seen. */
static letter *alphabet_get(const alphabet *a, uint32_t code)
{
    letter *page = a->pages[code / PAGE_LETTERS];
    return page ? &page[code % PAGE_LETTERS] : NULL;
}

static bert_status alphabet_get_or_create(alphabet *a, uint32_t code, letter **out,
                                          bert_error *error)
{
    letter **page = &a->pages[code / PAGE_LETTERS];
    if (!*page)
        TRY(memory_array((void **)page, PAGE_LETTERS, sizeof **page, "alphabet", error));
    *out = &(*page)[code % PAGE_LETTERS];
    return BERT_OK;
}

/* The next code point ≥ `code` that is in the alphabet; CODES if there is none. */
static uint32_t alphabet_next(const alphabet *a, uint32_t code)
{
    while (code < CODES) {
        const letter *known = alphabet_get(a, code);
        if (known && known->count)
            return code;
        code = known ? code + 1 : (code / PAGE_LETTERS + 1) * PAGE_LETTERS;
    }
    return CODES;
}

/* The words are valid UTF-8: word_reader ensures it. */
static uint32_t next_code(const unsigned char *bytes, size_t length, size_t *position)
{
    uint32_t code;
    bool valid;
    *position += (size_t)unicode_decode(bytes + *position, length - *position, &code, &valid);
    return code;
}

static bert_status count_characters(alphabet *a, const word_table *table, bert_error *error)
{
    for (size_t w = 0; w < table->count; w++) {
        size_t length;
        const unsigned char *bytes = word_bytes(table, &table->words[w], &length);
        for (size_t i = 0; i < length;) {
            letter *letter;
            TRY(alphabet_get_or_create(a, next_code(bytes, length, &i), &letter, error));
            letter->count += table->words[w].count;
        }
    }
    return BERT_OK;
}

/* Orders characters by priority of removal: rarest first, then larger code points. */
static int compare_characters(const void *left, const void *right)
{
    const character *a = left, *b = right;
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    return (a->code < b->code) - (a->code > b->code);
}

static bert_status limit_alphabet(alphabet *a, size_t limit, bert_error *error)
{
    size_t count = 0;
    for (uint32_t code = alphabet_next(a, 0); code < CODES; code = alphabet_next(a, code + 1))
        count++;
    if (count <= limit)
        return BERT_OK;
    character *characters;
    TRY(memory_array((void **)&characters, count, sizeof *characters, "alphabet", error));
    size_t next = 0;
    for (uint32_t code = alphabet_next(a, 0); code < CODES; code = alphabet_next(a, code + 1))
        characters[next++] = (character){code, alphabet_get(a, code)->count};
    qsort(characters, count, sizeof *characters, compare_characters);
    for (size_t i = 0; i < count - limit; i++)
        alphabet_get(a, characters[i].code)->count = 0;
    free(characters);
    return BERT_OK;
}

/* The page of every code point in the words must exist. */
static void find_continuing(alphabet *a, const word_table *table)
{
    for (size_t w = 0; w < table->count; w++) {
        size_t length, i = 0;
        const unsigned char *bytes = word_bytes(table, &table->words[w], &length);
        next_code(bytes, length, &i);
        while (i < length)
            alphabet_get(a, next_code(bytes, length, &i))->continues = true;
    }
}

static bert_status add_token(vocabulary *v, uint32_t code, bool continuing, int32_t *id,
                             bert_error *error)
{
    unsigned char bytes[8] = "##";
    size_t start = continuing ? 2 : 0;
    size_t length = start + (size_t)unicode_encode(code, bytes + start);
    *id = (int32_t)v->size;
    return vocabulary_add(v, *id, (const char *)bytes, length, error);
}

static bert_status add_tokens(alphabet *a, vocabulary *v, const learn_settings *settings,
                              bert_error *error)
{
    for (size_t i = 0; i < sizeof special_tokens / sizeof *special_tokens; i++)
        TRY(vocabulary_add(v, (int64_t)i, special_tokens[i], strlen(special_tokens[i]), error));
    for (uint32_t code = alphabet_next(a, 0); code < CODES; code = alphabet_next(a, code + 1))
        TRY(add_token(v, code, false, &alphabet_get(a, code)->first_id, error));
    for (size_t i = 0; i < settings->continuing_count; i++) {
        letter *letter;
        TRY(alphabet_get_or_create(a, settings->continuing_order[i], &letter, error));
        TRY(add_token(v, settings->continuing_order[i], true, &letter->continuing_id, error));
    }
    for (uint32_t code = alphabet_next(a, 0); code < CODES; code = alphabet_next(a, code + 1)) {
        letter *letter = alphabet_get(a, code);
        if (letter->continues && !letter->continuing_id)
            TRY(add_token(v, code, true, &letter->continuing_id, error));
    }
    if (v->size > settings->vocab_size)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "vocab_size is %zu, but special tokens and characters alone are %zu; "
                         "increase it or reduce limit_alphabet",
                         settings->vocab_size, v->size);
    return BERT_OK;
}

static void spell(const alphabet *a, const word_table *table, spelled_words *words)
{
    uint64_t at = words->starts[words->count];
    for (size_t w = 0; w < table->count; w++) {
        size_t length;
        const unsigned char *bytes = word_bytes(table, &table->words[w], &length);
        for (size_t i = 0; i < length;) {
            bool first = i == 0;
            const letter *letter = alphabet_get(a, next_code(bytes, length, &i));
            int32_t id = first ? letter->first_id : letter->continuing_id;
            if (id)
                words->symbols[at++] = id;
        }
        words->counts[words->count++] = table->words[w].count;
        words->starts[words->count] = at;
    }
}

static size_t count_codes(const unsigned char *bytes, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += (bytes[i] & 0xC0) != 0x80;
    return count;
}

/* Allocates one symbol for every character. */
static bert_status allocate_words(spelled_words *words, const word_counts *counts,
                                  bert_error *error)
{
    uint64_t symbols = 0;
    size_t count = 0;
    for (int s = 0; s < WORD_SHARDS; s++) {
        const word_table *table = &counts->shards[s];
        count += table->count;
        for (size_t w = 0; w < table->count; w++) {
            size_t length;
            const unsigned char *bytes = word_bytes(table, &table->words[w], &length);
            symbols += count_codes(bytes, length);
        }
    }
    TRY(memory_array((void **)&words->symbols, symbols, sizeof *words->symbols, "words", error));
    TRY(memory_array((void **)&words->starts, count + 1, sizeof *words->starts, "words", error));
    return memory_array((void **)&words->counts, count, sizeof *words->counts, "words", error);
}

static bert_status spell_all(const alphabet *a, spelled_words *words, word_counts *counts,
                             bert_error *error)
{
    TRY(allocate_words(words, counts, error));
    for (int s = 0; s < WORD_SHARDS; s++) {
        spell(a, &counts->shards[s], words);
        word_table_free(&counts->shards[s]);
    }
    return BERT_OK;
}

bert_status trie_spell(spelled_words *words, const trie *trie, size_t max_characters,
                       word_counts *counts, bert_error *error)
{
    TRY(allocate_words(words, counts, error));
    for (int s = 0; s < WORD_SHARDS; s++) {
        const word_table *table = &counts->shards[s];
        for (size_t w = 0; w < table->count; w++) {
            size_t length;
            const unsigned char *bytes = word_bytes(table, &table->words[w], &length);
            uint64_t at = words->starts[words->count];
            if (count_codes(bytes, length) > max_characters)
                continue;
            size_t pieces = trie_match(trie, bytes, length, words->symbols + at);
            if (pieces == 0)
                continue;
            words->counts[words->count++] = table->words[w].count;
            words->starts[words->count] = at + pieces;
        }
        word_table_free(&counts->shards[s]);
    }
    return BERT_OK;
}

bert_status alphabet_spell(spelled_words *words, vocabulary *v, word_counts *counts,
                           const learn_settings *settings, bert_error *error)
{
    alphabet *a;
    bert_status status;
    TRY(memory_array((void **)&a, 1, sizeof *a, "alphabet", error));
    for (int s = 0; s < WORD_SHARDS; s++)
        TRY_OR_GO(status, count_characters(a, &counts->shards[s], error), done);
    for (size_t i = 0; i < settings->initial_alphabet_count; i++) {
        letter *letter;
        TRY_OR_GO(status, alphabet_get_or_create(a, settings->initial_alphabet[i], &letter, error),
                  done);
        letter->count = UINT64_MAX;
    }
    TRY_OR_GO(status, limit_alphabet(a, settings->limit_alphabet, error), done);
    for (int s = 0; s < WORD_SHARDS; s++)
        find_continuing(a, &counts->shards[s]);
    TRY_OR_GO(status, add_tokens(a, v, settings, error), done);
    status = spell_all(a, words, counts, error);
done:
    alphabet_free(a);
    free(a);
    return status;
}

void spelled_words_free(spelled_words *words)
{
    free(words->symbols);
    free(words->starts);
    free(words->counts);
    *words = (spelled_words){0};
}
