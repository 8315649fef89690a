/* The driver for the Python tests: `tokenizer_driver encode PATH [SETTING=VALUE…]`.
 *
 * stdin: texts, each a u32 length and its bytes. stdout: for each text, u32 count, u32 invalid
 * bytes, and count × (i32 id, u32 start | type id << 31, u32 end); all little-endian. Settings:
 * lowercase, strip_accents, handle_chinese_chars, clean_text (0, 1), max_input_chars_per_word,
 * max_length, special (0, 1), pairs (1: texts in pairs), lines (N: the texts are the lines of one
 * block, on N threads). Single texts are encoded again with a word cache that is never bypassed;
 * any difference is an error.
 *
 * `tokenizer_driver decode PATH SKIP_SPECIAL CLEAN_UP`: stdin has u32 count and ids, stdout u32
 * length and text.
 *
 * `tokenizer_driver learn VOCAB_SIZE [SETTING=VALUE…] FILE…` learns a vocabulary and writes its
 * tokens, one per line. Settings: lowercase, min_frequency, limit_alphabet, threads, likelihood,
 * and continuing=FILE: a file with the characters that continue words, in the order of their ids.
 *
 * `tokenizer_driver save PATH FOLDER` loads a tokenizer and writes its files into a folder. */
#include "bert.h"

#include "base/file.h"
#include "tokenizer/learn.h"
#include "tokenizer/text_encoder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const bert_error *error)
{
    fprintf(stderr, "%s\n", error->message);
    return 1;
}

static bool get(const char *argument, const char *name, long *value)
{
    size_t length = strlen(name);
    if (strncmp(argument, name, length) != 0 || argument[length] != '=')
        return false;
    *value = strtol(argument + length + 1, NULL, 10);
    return true;
}

typedef struct encode_settings {
    bert_tokenizer_options options;
    long max_length, special, pairs, lines;
} encode_settings;

static bool read_settings(encode_settings *s, int count, char **arguments)
{
    *s = (encode_settings){.options = bert_tokenizer_options_default(), .special = 1};
    for (int i = 0; i < count; i++) {
        long value;
        if (get(arguments[i], "lowercase", &value))
            s->options.lowercase = (bert_switch)value;
        else if (get(arguments[i], "strip_accents", &value))
            s->options.strip_accents = (bert_switch)value;
        else if (get(arguments[i], "handle_chinese_chars", &value))
            s->options.handle_chinese_chars = (bert_switch)value;
        else if (get(arguments[i], "clean_text", &value))
            s->options.clean_text = (bert_switch)value;
        else if (get(arguments[i], "max_input_chars_per_word", &value))
            s->options.max_input_chars_per_word = (int)value;
        else if (!get(arguments[i], "max_length", &s->max_length) &&
                 !get(arguments[i], "special", &s->special) &&
                 !get(arguments[i], "pairs", &s->pairs) && !get(arguments[i], "lines", &s->lines))
            return false;
    }
    return true;
}

static bert_status write_encoding(void *context, const char *text, size_t length,
                                  const bert_encoding *encoding, bert_error *error)
{
    (void)context, (void)text, (void)length, (void)error;
    uint32_t head[2] = {(uint32_t)encoding->count, (uint32_t)encoding->invalid_bytes};
    fwrite(head, sizeof head, 1, stdout);
    for (size_t i = 0; i < encoding->count; i++) {
        uint32_t type = encoding->type_ids[i];
        uint32_t row[3] = {(uint32_t)encoding->ids[i], encoding->starts[i] | type << 31,
                           encoding->ends[i]};
        fwrite(row, sizeof row, 1, stdout);
    }
    return BERT_OK;
}

/* Reads a record into a buffer of its exact size, so that sanitizers detect overreads; NULL at the
 * end. */
static char *read_record(uint32_t *length, size_t size)
{
    if (fread(length, sizeof *length, 1, stdin) != 1)
        return NULL;
    char *record = malloc(*length ? *length * size : 1);
    if (!record || fread(record, size, *length, stdin) != *length)
        exit(2);
    return record;
}

static bool same(const bert_encoding *a, const bert_encoding *b)
{
    if (a->count != b->count || a->invalid_bytes != b->invalid_bytes)
        return false;
    return a->count == 0 || (memcmp(a->ids, b->ids, a->count * sizeof *a->ids) == 0 &&
                             memcmp(a->starts, b->starts, a->count * sizeof *a->starts) == 0 &&
                             memcmp(a->ends, b->ends, a->count * sizeof *a->ends) == 0 &&
                             memcmp(a->type_ids, b->type_ids, a->count) == 0);
}

/* Encodes again with a cache and compares with `encoding`. */
static bert_status encode_with_cache(text_encoder *e, const char *text, size_t length,
                                     const encode_settings *s, const bert_encoding *encoding,
                                     bert_error *error)
{
    static bert_encoding cached;
    cached.count = cached.invalid_bytes = 0;
    if (e->cache.bypass_left)
        TRY(word_cache_bypassed(&e->cache, e->cache.bypass_left, error));
    TRY(text_encoder_append(e, text, length, s->special, (size_t)s->max_length, &cached, error));
    return same(&cached, encoding)
               ? BERT_OK
               : error_set(error, BERT_ERROR_INPUT, "\"%.*s\": differs with the cache of words",
                           (int)length, text);
}

static int encode(int count, char **arguments)
{
    encode_settings s;
    if (!read_settings(&s, count - 1, arguments + 1))
        return 2;
    bert_error error;
    bert_tokenizer *tokenizer;
    if (bert_tokenizer_load(&tokenizer, arguments[0], &s.options, &error) != BERT_OK)
        return fail(&error);
    bert_encoding encoding = {0};
    text_encoder with_cache;
    text_encoder_start(&with_cache, tokenizer);
    bert_status status = BERT_OK;
    uint32_t length, second_length;
    for (char *text, *second; status == BERT_OK && (text = read_record(&length, 1)); free(text)) {
        if (s.lines) {
            status = bert_tokenizer_encode_lines(tokenizer, text, length, s.special,
                                                 (size_t)s.max_length, (int)s.lines, write_encoding,
                                                 NULL, &error);
            continue;
        }
        if (s.pairs) {
            if (!(second = read_record(&second_length, 1)))
                return 2;
            status = bert_tokenizer_encode_pair(tokenizer, text, length, second, second_length,
                                                s.special, (size_t)s.max_length, &encoding, &error);
            free(second);
        } else {
            status = bert_tokenizer_encode(tokenizer, text, length, s.special, (size_t)s.max_length,
                                           &encoding, &error);
            if (status == BERT_OK)
                status = encode_with_cache(&with_cache, text, length, &s, &encoding, &error);
        }
        if (status == BERT_OK)
            write_encoding(NULL, NULL, 0, &encoding, NULL);
    }
    text_encoder_finish(&with_cache);
    bert_encoding_free(&encoding);
    bert_tokenizer_free(tokenizer);
    return status == BERT_OK ? 0 : fail(&error);
}

static int decode(char **arguments)
{
    bert_error error;
    bert_tokenizer *tokenizer;
    if (bert_tokenizer_load(&tokenizer, arguments[0], NULL, &error) != BERT_OK)
        return fail(&error);
    bert_text text = {0};
    uint32_t count;
    for (char *ids; (ids = read_record(&count, sizeof(int32_t))); free(ids)) {
        if (bert_tokenizer_decode(tokenizer, (int32_t *)ids, count, arguments[1][0] == '1',
                                  arguments[2][0] == '1', &text, &error) != BERT_OK)
            return fail(&error);
        uint32_t length = (uint32_t)text.length;
        fwrite(&length, sizeof length, 1, stdout);
        fwrite(text.data, 1, length, stdout);
    }
    bert_text_free(&text);
    bert_tokenizer_free(tokenizer);
    return 0;
}

/* The code points of a file; owned by the caller. */
static bert_status read_characters(uint32_t **codes, size_t *count, const char *path,
                                   bert_error *error)
{
    text content = {0};
    TRY(file_read(&content, path, 1 << 24, error));
    *codes = calloc(content.length + 1, sizeof **codes);
    *count = 0;
    bool valid;
    for (size_t i = 0; i < content.length;)
        i += (size_t)unicode_decode((unsigned char *)content.data + i, content.length - i,
                                    *codes + (*count)++, &valid);
    text_free(&content);
    return BERT_OK;
}

/* Raw files, without the corpus readers. */
typedef struct whole_files {
    char **paths;
    int count;
    text content;
} whole_files;

static bert_status next_file(void *context, text_piece *piece, bert_error *error)
{
    whole_files *files = context;
    *piece = (text_piece){0};
    for (; files->count > 0 && piece->length == 0; files->paths++, files->count--) {
        text_clear(&files->content);
        TRY(file_read(&files->content, files->paths[0], SIZE_MAX, error));
        *piece = (text_piece){.text = files->content.data, .length = files->content.length};
    }
    return BERT_OK;
}

static int learn(int count, char **arguments)
{
    learn_settings settings = {
        .vocab_size = strtoul(arguments[0], NULL, 10), .min_frequency = 2, .limit_alphabet = 1000};
    long value, lowercase = 1, threads = 1, likelihood = 0;
    uint32_t *codes = NULL;
    bert_error error;
    int i = 1;
    for (; i < count; i++) {
        if (get(arguments[i], "min_frequency", &value))
            settings.min_frequency = (uint64_t)value;
        else if (get(arguments[i], "limit_alphabet", &value))
            settings.limit_alphabet = (size_t)value;
        else if (strncmp(arguments[i], "continuing=", 11) == 0) {
            if (read_characters(&codes, &settings.continuing_count, arguments[i] + 11, &error) !=
                BERT_OK)
                return fail(&error);
        } else if (!get(arguments[i], "lowercase", &lowercase) &&
                   !get(arguments[i], "threads", &threads) &&
                   !get(arguments[i], "likelihood", &likelihood))
            break;
    }
    settings.continuing_order = codes;
    settings.by_likelihood = likelihood;
    whole_files files = {.paths = arguments + i, .count = count - i};
    text_stream stream = {.next = next_file, .context = &files};
    normalizer normalizer = {0};
    word_counts *counts = calloc(1, sizeof *counts);
    vocabulary vocabulary = {0};
    bool stopped;
    if (normalizer_build(&normalizer,
                         (normalizer_settings){.lowercase = lowercase,
                                               .strip_accents = lowercase,
                                               .handle_chinese_chars = true,
                                               .clean_text = true},
                         &error) != BERT_OK ||
        word_counts_read(counts, &stream, &normalizer, (int)threads, 0, NULL, &error) != BERT_OK ||
        learn_vocabulary(&vocabulary, counts, &settings, NULL, &stopped, &error) != BERT_OK)
        return fail(&error);
    for (size_t id = 0; id < vocabulary.size; id++)
        puts(vocabulary_token_text(&vocabulary, (int32_t)id));
    vocabulary_free(&vocabulary);
    word_counts_free(counts);
    free(counts);
    text_free(&files.content);
    normalizer_free(&normalizer);
    free(codes);
    return 0;
}

static int save(char **arguments)
{
    bert_error error;
    bert_tokenizer *tokenizer;
    if (bert_tokenizer_load(&tokenizer, arguments[0], NULL, &error) != BERT_OK ||
        tokenizer_save(tokenizer, arguments[1], 0, &error) != BERT_OK)
        return fail(&error);
    bert_tokenizer_free(tokenizer);
    return 0;
}

int main(int count, char **arguments)
{
    if (count == 5 && strcmp(arguments[1], "decode") == 0)
        return decode(arguments + 2);
    if (count == 4 && strcmp(arguments[1], "save") == 0)
        return save(arguments + 2);
    if (count > 3 && strcmp(arguments[1], "learn") == 0)
        return learn(count - 2, arguments + 2);
    if (count > 2 && strcmp(arguments[1], "encode") == 0)
        return encode(count - 2, arguments + 2);
    return 2;
}
