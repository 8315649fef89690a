#include "tokenizer/text_encoder.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void bert_encoding_free(bert_encoding *encoding)
{
    free(encoding->ids);
    free(encoding->type_ids);
    free(encoding->starts);
    free(encoding->ends);
    *encoding = (bert_encoding){0};
}

bert_status text_encoder_create(text_encoder **encoder, const bert_tokenizer *tokenizer,
                                bert_error *error)
{
    TRY(memory_array((void **)encoder, 1, sizeof **encoder, "encoder", error));
    text_encoder_start(*encoder, tokenizer);
    return BERT_OK;
}

void text_encoder_free(text_encoder *encoder)
{
    if (encoder)
        text_encoder_finish(encoder);
    free(encoder);
}

static bert_status append_special(bert_encoding *out, int32_t id, uint8_t type_id,
                                  bert_error *error)
{
    TRY(encoding_reserve(out, 1, error));
    out->type_ids[out->count] = type_id;
    encoding_put(out, id, 0, 0);
    return BERT_OK;
}

/* Removes the ids [from, to). */
static void remove_ids(bert_encoding *e, size_t from, size_t to)
{
    size_t rest = e->count - to;
    if (from == to)
        return;
    memmove(e->ids + from, e->ids + to, rest * sizeof *e->ids);
    memmove(e->type_ids + from, e->type_ids + to, rest * sizeof *e->type_ids);
    memmove(e->starts + from, e->starts + to, rest * sizeof *e->starts);
    memmove(e->ends + from, e->ends + to, rest * sizeof *e->ends);
    e->count = from + rest;
}

bert_status text_encoder_append(text_encoder *e, const char *text, size_t length,
                                bool add_special_tokens, size_t max_length, bert_encoding *out,
                                bert_error *error)
{
    if (add_special_tokens && max_length == 1)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "max_length is 1, expected at least 2 for [CLS] and [SEP]");
    size_t limit = !max_length ? SIZE_MAX : add_special_tokens ? max_length - 2 : max_length;
    const tokenizer_special_ids *special = &e->tokenizer->special;
    if (add_special_tokens)
        TRY(append_special(out, special->cls, 0, error));
    if (e->tokenizer->truncate_left == BERT_ON && limit < SIZE_MAX) {
        size_t first = out->count;
        TRY(text_encoder_add(e, text, length, 0, SIZE_MAX, out, error));
        if (out->count - first > limit)
            remove_ids(out, first, out->count - limit);
    } else {
        TRY(text_encoder_add(e, text, length, 0, limit, out, error));
    }
    return add_special_tokens ? append_special(out, special->sep, 0, error) : BERT_OK;
}

bert_status bert_tokenizer_encode(const bert_tokenizer *tokenizer, const char *text, size_t length,
                                  bool add_special_tokens, size_t max_length,
                                  bert_encoding *encoding, bert_error *error)
{
    text_encoder e;
    text_encoder_start(&e, tokenizer);
    encoding->count = 0;
    encoding->invalid_bytes = 0;
    bert_status status =
        text_encoder_append(&e, text, length, add_special_tokens, max_length, encoding, error);
    text_encoder_finish(&e);
    return status;
}

/* Truncates two lengths to a sum of at most `limit`: the longer one first, and both to halves if
 * that is not enough (Hugging Face's "longest_first"). */
static void truncate_longest_first(size_t *first, size_t *second, size_t limit)
{
    if (limit >= *second && *first <= limit - *second)
        return;
    size_t *shorter = *first <= *second ? first : second;
    size_t *longer = shorter == first ? second : first;
    if (*shorter <= limit && limit - *shorter >= *shorter) {
        *longer = limit - *shorter;
    } else {
        *shorter = limit / 2;
        *longer = limit - *shorter;
    }
}

static bert_status append_pair(text_encoder *e, const char *const texts[2], const size_t lengths[2],
                               bool add_special_tokens, size_t max_length, bert_encoding *out,
                               bert_error *error)
{
    const tokenizer_special_ids *special = &e->tokenizer->special;
    if (add_special_tokens)
        TRY(append_special(out, special->cls, 0, error));
    TRY(text_encoder_add(e, texts[0], lengths[0], 0, SIZE_MAX, out, error));
    size_t middle = out->count, first_count = middle - (add_special_tokens ? 1 : 0);
    if (add_special_tokens)
        TRY(append_special(out, special->sep, 0, error));
    size_t second_start = out->count;
    TRY(text_encoder_add(e, texts[1], lengths[1], 1, SIZE_MAX, out, error));
    size_t second_count = out->count - second_start;
    if (max_length) {
        size_t kept_first = first_count, kept_second = second_count;
        truncate_longest_first(&kept_first, &kept_second,
                               max_length - (add_special_tokens ? 3 : 0));
        size_t cut_first = first_count - kept_first, cut_second = second_count - kept_second;
        if (e->tokenizer->truncate_left == BERT_ON) {
            remove_ids(out, second_start, second_start + cut_second);
            remove_ids(out, middle - first_count, middle - kept_first);
        } else {
            out->count -= cut_second;
            remove_ids(out, middle - cut_first, middle);
        }
    }
    return add_special_tokens ? append_special(out, special->sep, 1, error) : BERT_OK;
}

bert_status bert_tokenizer_encode_pair(const bert_tokenizer *tokenizer, const char *first,
                                       size_t first_length, const char *second,
                                       size_t second_length, bool add_special_tokens,
                                       size_t max_length, bert_encoding *encoding,
                                       bert_error *error)
{
    encoding->count = 0;
    encoding->invalid_bytes = 0;
    if (add_special_tokens && max_length && max_length < 3)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "max_length is %zu, expected at least 3 for [CLS] and two [SEP]",
                         max_length);
    text_encoder e;
    text_encoder_start(&e, tokenizer);
    bert_status status = append_pair(&e, (const char *const[]){first, second},
                                     (const size_t[]){first_length, second_length},
                                     add_special_tokens, max_length, encoding, error);
    text_encoder_finish(&e);
    return status;
}
