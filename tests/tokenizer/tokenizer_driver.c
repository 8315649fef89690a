/* What the Python tests drive the library with: `tokenizer_driver encode PATH [SETTING=VALUE…]`.
 *
 * stdin: texts, each a u32 length and its bytes. stdout: for each, u32 count, u32 invalid bytes,
 * and count × (i32 id, u32 start, u32 end); all little-endian. Settings: lowercase, strip_accents,
 * handle_chinese_chars, clean_text (0, 1), max_input_chars_per_word, max_length, special (0, 1).
 *
 * `tokenizer_driver learn VOCAB_SIZE [SETTING=VALUE…] FILE…` learns a vocabulary and writes its
 * tokens, one in a line. Settings: lowercase, min_frequency, limit_alphabet, threads, and
 * continuing=FILE: a file with the characters that continue words, in the order of their ids.
 *
 * `tokenizer_driver save PATH FOLDER` loads a tokenizer and writes its files into a folder. */
#include "bert.h"

#include "base/file.h"
#include "tokenizer/learn.h"
#include "tokenizer/tokenizer.h"

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

static int encode(int count, char **arguments)
{
    bert_tokenizer_options options = bert_tokenizer_options_default();
    long value, max_length = 0, special = 1;
    for (int i = 1; i < count; i++) {
        if (get(arguments[i], "lowercase", &value))
            options.lowercase = (bert_switch)value;
        else if (get(arguments[i], "strip_accents", &value))
            options.strip_accents = (bert_switch)value;
        else if (get(arguments[i], "handle_chinese_chars", &value))
            options.handle_chinese_chars = (bert_switch)value;
        else if (get(arguments[i], "clean_text", &value))
            options.clean_text = (bert_switch)value;
        else if (get(arguments[i], "max_input_chars_per_word", &value))
            options.max_input_chars_per_word = (int)value;
        else if (!get(arguments[i], "max_length", &max_length) &&
                 !get(arguments[i], "special", &special))
            return 2;
    }
    bert_error error;
    bert_tokenizer *tokenizer;
    if (bert_tokenizer_load(&tokenizer, arguments[0], &options, &error) != BERT_OK)
        return fail(&error);
    bert_encoding encoding = {0};
    char *text = NULL;
    uint32_t length;
    while (fread(&length, sizeof length, 1, stdin) == 1) {
        free(text);
        text = malloc(length ? length : 1); /* exact: a sanitizer sees any overread */
        if (!text || fread(text, 1, length, stdin) != length)
            return 2;
        if (bert_tokenizer_encode(tokenizer, text, length, special, (size_t)max_length, &encoding,
                                  &error) != BERT_OK)
            return fail(&error);
        uint32_t head[2] = {(uint32_t)encoding.count, (uint32_t)encoding.invalid_bytes};
        fwrite(head, sizeof head, 1, stdout);
        for (size_t i = 0; i < encoding.count; i++) {
            uint32_t row[3] = {(uint32_t)encoding.ids[i], encoding.starts[i], encoding.ends[i]};
            fwrite(row, sizeof row, 1, stdout);
        }
    }
    free(text);
    bert_encoding_free(&encoding);
    bert_tokenizer_free(tokenizer);
    return 0;
}

/* Code points of a file; the caller frees them. */
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

static int learn(int count, char **arguments)
{
    learn_settings settings = {
        .vocab_size = strtoul(arguments[0], NULL, 10), .min_frequency = 2, .limit_alphabet = 1000};
    long value, lowercase = 1, threads = 1;
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
                   !get(arguments[i], "threads", &threads))
            break;
    }
    settings.continuing_order = codes;
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
        word_counts_read(counts, (const char *const *)arguments + i, (size_t)(count - i),
                         &normalizer, (int)threads, 0, NULL, &error) != BERT_OK ||
        learn_vocabulary(&vocabulary, counts, &settings, NULL, &stopped, &error) != BERT_OK)
        return fail(&error);
    for (size_t id = 0; id < vocabulary.size; id++)
        puts(vocabulary_token_text(&vocabulary, (int32_t)id));
    vocabulary_free(&vocabulary);
    word_counts_free(counts);
    free(counts);
    normalizer_free(&normalizer);
    free(codes);
    return 0;
}

static int save(char **arguments)
{
    bert_error error;
    bert_tokenizer *tokenizer;
    if (bert_tokenizer_load(&tokenizer, arguments[0], NULL, &error) != BERT_OK ||
        tokenizer_save(tokenizer, arguments[1], &error) != BERT_OK)
        return fail(&error);
    bert_tokenizer_free(tokenizer);
    return 0;
}

int main(int count, char **arguments)
{
    if (count == 4 && strcmp(arguments[1], "save") == 0)
        return save(arguments + 2);
    if (count > 3 && strcmp(arguments[1], "learn") == 0)
        return learn(count - 2, arguments + 2);
    if (count > 2 && strcmp(arguments[1], "encode") == 0)
        return encode(count - 2, arguments + 2);
    return 2;
}
