#include "tokenizer/token_json.h"

#include "tokenizer/unicode.h"

#include <stdlib.h>
#include <string.h>

enum {
    TOKEN_JSON_MAX_BYTES = 256 << 20,
    STAND_INS = 0xFDD0, /* 32 code points that are no characters, and never will be */
    STAND_IN_COUNT = 32,
};

/* Position and code of the next escape \uXXXX, from `position` on; the length if there is none. */
static size_t next_escape(const text *content, size_t position, uint32_t *code)
{
    const char *end = content->data + content->length, *at = content->data + position;
    while (at < end && (at = memchr(at, '\\', (size_t)(end - at)))) {
        if (end - at >= 6 && at[1] == 'u') {
            char digits[5] = {0};
            memcpy(digits, at + 2, 4);
            *code = (uint32_t)strtoul(digits, NULL, 16);
            return (size_t)(at - content->data);
        }
        at += 2;
    }
    return content->length;
}

/* The stand-ins that the file contains itself, a bit each. */
static uint32_t find_used(const text *content)
{
    uint32_t used = 0, code = 1;
    for (size_t i = 0; (i = next_escape(content, i, &code)) < content->length; i += 6)
        if (code >= STAND_INS && code < STAND_INS + STAND_IN_COUNT)
            used |= UINT32_C(1) << (code - STAND_INS);
    for (uint32_t i = 0; i < STAND_IN_COUNT; i++) {
        unsigned char bytes[4];
        int length = unicode_encode(STAND_INS + i, bytes);
        if (memmem(content->data, content->length, bytes, (size_t)length))
            used |= UINT32_C(1) << i;
    }
    return used;
}

/* Replaces every \u0000 in place. */
static bert_status replace_nuls(token_json *file, text *content, const char *path,
                                bert_error *error)
{
    uint32_t code = 1, used = find_used(content);
    if (used == UINT32_MAX)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s: contains NUL and all of the noncharacters U+FDD0 to U+FDEF", path);
    file->nul = STAND_INS + (uint32_t)__builtin_ctz(~used);
    unsigned char bytes[4];
    size_t length = (size_t)unicode_encode(file->nul, bytes), write = 0, read = 0;
    while (read < content->length) {
        size_t escape = next_escape(content, read, &code);
        size_t end = escape < content->length && code != 0 ? escape + 6 : escape;
        memmove(content->data + write, content->data + read, end - read);
        write += end - read;
        read = end;
        if (escape < content->length && code == 0) {
            memcpy(content->data + write, bytes, length);
            write += length;
            read += 6;
        }
    }
    content->length = write;
    return BERT_OK;
}

bert_status token_json_read(token_json *file, const char *path, bert_error *error)
{
    text content = {0};
    uint32_t code = 1;
    bert_status status = file_read(&content, path, TOKEN_JSON_MAX_BYTES, error);
    if (status == BERT_OK && content.length > 0) {
        size_t i = 0;
        while ((i = next_escape(&content, i, &code)) < content.length && code != 0)
            i += 6;
        if (i < content.length)
            status = replace_nuls(file, &content, path, error);
    }
    if (status == BERT_OK)
        status = json_parse(&file->root, &content, path, error);
    text_free(&content);
    return status;
}

void token_json_free(token_json *file)
{
    json_decref(file->root);
    text_free(&file->token);
    *file = (token_json){0};
}

bert_status token_json_token(token_json *file, const char *string, const char **token,
                             size_t *length, bert_error *error)
{
    *token = string;
    *length = strlen(string);
    if (!file->nul)
        return BERT_OK;
    unsigned char bytes[4];
    size_t size = (size_t)unicode_encode(file->nul, bytes);
    const char *end = string + *length;
    text_clear(&file->token);
    TRY(text_append(&file->token, "", 0, error));
    for (const char *next; string < end; string = next + size) {
        next = memmem(string, (size_t)(end - string), bytes, size);
        if (!next) {
            TRY(text_append(&file->token, string, (size_t)(end - string), error));
            break;
        }
        TRY(text_append(&file->token, string, (size_t)(next - string), error));
        TRY(text_append(&file->token, "", 1, error));
    }
    *token = file->token.data;
    *length = file->token.length;
    return BERT_OK;
}
