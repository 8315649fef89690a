#include "tokenizer/alphabet.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static const char *const special_tokens[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

typedef struct character {
    uint32_t code;
    uint64_t count;
} character;

/* By code point. */
typedef struct alphabet {
    uint64_t *counts;                    /* how often seen; UINT64_MAX: to be kept in any case */
    uint8_t *continues;                  /* seen behind the first character of a word */
    int32_t *first_ids, *continuing_ids; /* -1: not in the alphabet */
} alphabet;

enum { CODES = 0x110000 };

static void alphabet_free(alphabet *a)
{
    free(a->counts);
    free(a->continues);
    free(a->first_ids);
    free(a->continuing_ids);
}

static bert_status alphabet_allocate(alphabet *a, bert_error *error)
{
    TRY(memory_array((void **)&a->counts, CODES, sizeof *a->counts, "alphabet", error));
    TRY(memory_array((void **)&a->continues, CODES, sizeof *a->continues, "alphabet", error));
    TRY(memory_array((void **)&a->first_ids, CODES, sizeof *a->first_ids, "alphabet", error));
    TRY(memory_array((void **)&a->continuing_ids, CODES, sizeof *a->continuing_ids, "alphabet",
                     error));
    memset(a->first_ids, -1, CODES * sizeof *a->first_ids);
    memset(a->continuing_ids, -1, CODES * sizeof *a->continuing_ids);
    return BERT_OK;
}

/* The words are UTF-8: their reader made them. */
static uint32_t next_code(const unsigned char *bytes, size_t length, size_t *position)
{
    uint32_t code;
    bool valid;
    *position += (size_t)unicode_decode(bytes + *position, length - *position, &code, &valid);
    return code;
}

static void count_characters(alphabet *a, const word_table *table)
{
    for (size_t w = 0; w < table->count; w++) {
        const word_count *word = &table->words[w];
        for (size_t i = 0; i < word->length;)
            a->counts[next_code(table->bytes + word->start, word->length, &i)] += word->count;
    }
}

/* The first to go come first: seen less often, then larger. */
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
    for (uint32_t code = 0; code < CODES; code++)
        count += a->counts[code] != 0;
    if (count <= limit)
        return BERT_OK;
    character *characters;
    TRY(memory_array((void **)&characters, count, sizeof *characters, "alphabet", error));
    size_t next = 0;
    for (uint32_t code = 0; code < CODES; code++)
        if (a->counts[code])
            characters[next++] = (character){code, a->counts[code]};
    qsort(characters, count, sizeof *characters, compare_characters);
    for (size_t i = 0; i < count - limit; i++)
        a->counts[characters[i].code] = 0;
    free(characters);
    return BERT_OK;
}

static void find_continuing(alphabet *a, const word_table *table)
{
    for (size_t w = 0; w < table->count; w++) {
        const word_count *word = &table->words[w];
        for (size_t i = 0; i < word->length;) {
            bool first = i == 0;
            uint32_t code = next_code(table->bytes + word->start, word->length, &i);
            if (!first && a->counts[code])
                a->continues[code] = 1;
        }
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
    for (uint32_t code = 0; code < CODES; code++)
        if (a->counts[code])
            TRY(add_token(v, code, false, &a->first_ids[code], error));
    for (size_t i = 0; i < settings->continuing_count; i++)
        TRY(add_token(v, settings->continuing_order[i], true,
                      &a->continuing_ids[settings->continuing_order[i]], error));
    for (uint32_t code = 0; code < CODES; code++)
        if (a->continues[code] && a->continuing_ids[code] < 0)
            TRY(add_token(v, code, true, &a->continuing_ids[code], error));
    if (v->size > settings->vocab_size)
        return error_set(error, BERT_ERROR_USAGE,
                         "vocab_size is %zu, but special tokens and characters alone are %zu; "
                         "give a larger one, or a smaller limit_alphabet",
                         settings->vocab_size, v->size);
    return BERT_OK;
}

static void spell(const alphabet *a, const word_table *table, spelled_words *words)
{
    uint64_t at = words->starts[words->count];
    for (size_t w = 0; w < table->count; w++) {
        const word_count *word = &table->words[w];
        for (size_t i = 0; i < word->length;) {
            bool first = i == 0;
            uint32_t code = next_code(table->bytes + word->start, word->length, &i);
            int32_t id = first ? a->first_ids[code] : a->continuing_ids[code];
            if (id >= 0)
                words->symbols[at++] = id;
        }
        words->counts[words->count++] = word->count;
        words->starts[words->count] = at;
    }
}

/* Room for every character as a symbol. */
static bert_status allocate_words(spelled_words *words, const word_counts *counts,
                                  bert_error *error)
{
    uint64_t symbols = 0;
    size_t count = 0;
    for (int s = 0; s < WORD_SHARDS; s++) {
        const word_table *table = &counts->shards[s];
        count += table->count;
        for (size_t i = 0; i < table->byte_count; i++) /* characters: bytes that begin one */
            symbols += (table->bytes[i] & 0xC0) != 0x80;
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

static size_t count_codes(const unsigned char *bytes, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += (bytes[i] & 0xC0) != 0x80;
    return count;
}

bert_status trie_spell(spelled_words *words, const trie *trie, size_t max_characters,
                       word_counts *counts, bert_error *error)
{
    TRY(allocate_words(words, counts, error));
    for (int s = 0; s < WORD_SHARDS; s++) {
        const word_table *table = &counts->shards[s];
        for (size_t w = 0; w < table->count; w++) {
            const word_count *word = &table->words[w];
            const unsigned char *bytes = table->bytes + word->start;
            uint64_t at = words->starts[words->count];
            if (count_codes(bytes, word->length) > max_characters)
                continue;
            size_t pieces = trie_match(trie, bytes, word->length, words->symbols + at);
            if (pieces == 0)
                continue;
            words->counts[words->count++] = word->count;
            words->starts[words->count] = at + pieces;
        }
        word_table_free(&counts->shards[s]);
    }
    return BERT_OK;
}

bert_status alphabet_spell(spelled_words *words, vocabulary *v, word_counts *counts,
                           const learn_settings *settings, bert_error *error)
{
    alphabet a = {0};
    bert_status status;
    TRY_OR_GO(status, alphabet_allocate(&a, error), done);
    for (int s = 0; s < WORD_SHARDS; s++)
        count_characters(&a, &counts->shards[s]);
    for (size_t i = 0; i < settings->initial_alphabet_count; i++)
        a.counts[settings->initial_alphabet[i]] = UINT64_MAX;
    TRY_OR_GO(status, limit_alphabet(&a, settings->limit_alphabet, error), done);
    for (int s = 0; s < WORD_SHARDS; s++)
        find_continuing(&a, &counts->shards[s]);
    TRY_OR_GO(status, add_tokens(&a, v, settings, error), done);
    status = spell_all(&a, words, counts, error);
done:
    alphabet_free(&a);
    return status;
}

void spelled_words_free(spelled_words *words)
{
    free(words->symbols);
    free(words->starts);
    free(words->counts);
    *words = (spelled_words){0};
}
