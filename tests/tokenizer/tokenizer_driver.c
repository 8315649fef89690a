/* What the Python tests drive the library with: `tokenizer_driver encode PATH [SETTING=VALUE…]`.
 *
 * stdin: texts, each a u32 length and its bytes. stdout: for each, u32 count, u32 invalid bytes,
 * and count × (i32 id, u32 start, u32 end); all little-endian. Settings: lowercase, strip_accents,
 * handle_chinese_chars, clean_text (0, 1), max_input_chars_per_word, max_length, special (0, 1).
 */
#include "bert.h"

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

int main(int count, char **arguments)
{
    if (count > 2 && strcmp(arguments[1], "encode") == 0)
        return encode(count - 2, arguments + 2);
    return 2;
}
