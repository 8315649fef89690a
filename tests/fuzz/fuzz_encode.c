/* Texts, pairs and ids of any bytes, in every setting, with and without a cache of words. Crashes
 * are for the sanitizers to find; the rest of what has to hold is checked here. */
#include "fuzz.h"

#include "tokenizer/text_encoder.h"

/* Hits long tokens, marks that survive, special tokens, words given back. */
static const char tokens[] =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##a\n##b\nab\n##abab\nthe\nun\n##able\n##c\n!\n中\né\n"
    "##\xCC\x81\n##\xE0\xAF\x8D\n##\xEA\xA5\x93\nᄒ\n##ᅡ\n##ᆫ\n[\n]\n##é\n.\n";

/* The same, and added tokens of all kinds. */
static const char added_tokens[] =
    "{\"added_tokens\": [{\"id\": 0, \"content\": \"Ab\", \"normalized\": true},"
    "{\"id\": 0, \"content\": \"é\", \"normalized\": true, \"single_word\": true},"
    "{\"id\": 0, \"content\": \"中\", \"normalized\": true, \"lstrip\": true},"
    "{\"id\": 0, \"content\": \"\\t\", \"normalized\": true, \"lstrip\": true, \"rstrip\": true},"
    "{\"id\": 0, \"content\": \"\\u0301\", \"normalized\": true},"
    "{\"id\": 0, \"content\": \"the\", \"single_word\": true, \"rstrip\": true},"
    "{\"id\": 0, \"content\": \" \", \"lstrip\": true, \"rstrip\": true},"
    "{\"id\": 0, \"content\": \"\\u0000\"}, {\"id\": 0, \"content\": \"a\\u0000\"}],"
    "\"normalizer\": {\"type\": \"BertNormalizer\"},"
    "\"pre_tokenizer\": {\"type\": \"BertPreTokenizer\"},"
    "\"truncation\": {\"direction\": \"Left\"},"
    "\"model\": {\"type\": \"WordPiece\", \"vocab\": {\"[PAD]\": 0, \"[UNK]\": 1, \"[CLS]\": 2,"
    "\"[SEP]\": 3, \"[MASK]\": 4, \"a\": 5, \"##a\": 6, \"##b\": 7, \"ab\": 8, \"e\": 9, \"中\": "
    "10}}}";

enum { SETTINGS = 2 * 3 * 2 * 2 * 2, TOKENIZERS = 2 * SETTINGS };
static bert_tokenizer *tokenizers[TOKENIZERS];
static text_encoder encoders[TOKENIZERS];

static void load(void)
{
    const char *path = fuzz_write_file("vocab.txt", tokens, sizeof tokens - 1);
    for (int k = 0; k < TOKENIZERS; k++) {
        int i = k % SETTINGS;
        if (k == SETTINGS)
            path = fuzz_write_file("added.json", added_tokens, sizeof added_tokens - 1);
        bert_tokenizer_options options = {.lowercase = (bert_switch)(i & 1),
                                          .handle_chinese_chars = (bert_switch)(i >> 1 & 1),
                                          .clean_text = (bert_switch)(i >> 2 & 1),
                                          .max_input_chars_per_word = i >> 3 & 1 ? 3 : 0,
                                          .strip_accents = (bert_switch)(i / 16 - 1)};
        bert_error error;
        if (bert_tokenizer_load(&tokenizers[k], path, &options, &error) != BERT_OK)
            fuzz_fail(error.message);
        text_encoder_start(&encoders[k], tokenizers[k]);
    }
}

static void check(const bert_tokenizer *t, const bert_encoding *e, const size_t lengths[2],
                  size_t max_length)
{
    uint64_t invalid = e->invalid_bytes;
    if (invalid > lengths[0] + lengths[1] || (max_length && e->count > max_length))
        fuzz_fail("more than there can be");
    for (size_t i = 0; i < e->count; i++) {
        if (!bert_tokenizer_token(t, e->ids[i]) || e->type_ids[i] > 1)
            fuzz_fail("an id that is none");
        if (e->starts[i] > e->ends[i] || e->ends[i] > lengths[e->type_ids[i]])
            fuzz_fail("offsets outside the text");
    }
}

/* With a cache that holds words of earlier texts, the same comes out. */
static void check_cached(text_encoder *e, const char *text, size_t length, bool special,
                         size_t max_length, const bert_encoding *expected)
{
    static bert_encoding found;
    bert_error error;
    found.count = found.invalid_bytes = 0;
    if ((e->cache.bypass_left &&
         word_cache_bypassed(&e->cache, e->cache.bypass_left, &error) != BERT_OK) ||
        text_encoder_append(e, text, length, special, max_length, &found, &error) != BERT_OK)
        fuzz_fail(error.message);
    bool same = found.count == expected->count && found.invalid_bytes == expected->invalid_bytes;
    for (size_t i = 0; same && i < found.count; i++)
        same = found.ids[i] == expected->ids[i] && found.starts[i] == expected->starts[i] &&
               found.ends[i] == expected->ends[i] && found.type_ids[i] == expected->type_ids[i];
    if (!same)
        fuzz_fail("other ids or offsets with the cache");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bert_encoding encoding;
    static bert_text text;
    if (!tokenizers[0])
        load();
    if (size < 2)
        return 0;
    const bert_tokenizer *t = tokenizers[data[0] % TOKENIZERS];
    text_encoder *e = &encoders[data[0] % TOKENIZERS];
    size_t max_length = data[1] % 40;
    bool special = data[1] >> 7;
    data += 2, size -= 2;
    char *first = fuzz_copy(data, size / 2), *second = fuzz_copy(data + size / 2, size - size / 2);
    size_t lengths[2] = {size / 2, size - size / 2};
    bert_error error;
    if (bert_tokenizer_encode(t, second, lengths[1], special, max_length, &encoding, &error) ==
        BERT_OK) {
        check(t, &encoding, (size_t[]){lengths[1], 0}, max_length);
        check_cached(e, second, lengths[1], special, max_length, &encoding);
    }
    if (bert_tokenizer_encode_pair(t, first, lengths[0], second, lengths[1], special, max_length,
                                   &encoding, &error) == BERT_OK)
        check(t, &encoding, lengths, max_length);
    if (bert_tokenizer_decode(t, encoding.ids, encoding.count, special, max_length % 2, &text,
                              &error) != BERT_OK)
        fuzz_fail(error.message);
    char *ids = fuzz_copy(data, size); /* malloc aligns it */
    if (bert_tokenizer_decode(t, (const int32_t *)(void *)ids, size / 4, special, true, &text,
                              &error) != BERT_OK)
        fuzz_fail(error.message);
    free(ids);
    free(first);
    free(second);
    return 0;
}
