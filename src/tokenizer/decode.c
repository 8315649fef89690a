#include "tokenizer/internal.h"

#include <stdlib.h>
#include <string.h>

/* Hugging Face's clean_up_tokenization, in its order; applied to each token with its preceding
 * space. */
static const char *const clean_ups[][2] = {
    {" .", "."},   {" ?", "?"},     {" !", "!"},     {" ,", ","},
    {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},   {" do not", " don't"},
    {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
};

void bert_text_free(bert_text *text)
{
    free(text->data);
    *text = (bert_text){0};
}

/* Replaces `from` by `to`, which must not be longer, in the text from `start` on. */
static void replace_all(text *out, size_t start, const char *from, const char *to)
{
    size_t from_length = strlen(from), to_length = strlen(to), write = start;
    for (size_t read = start; read < out->length;) {
        if (out->length - read >= from_length && memcmp(out->data + read, from, from_length) == 0) {
            memcpy(out->data + write, to, to_length);
            read += from_length;
            write += to_length;
        } else {
            out->data[write++] = out->data[read++];
        }
    }
    out->length = write;
    out->data[write] = '\0';
}

static bert_status append_token(text *out, const char *token, size_t length, bool first,
                                bool clean_up, bert_error *error)
{
    size_t start = out->length;
    if (!first && length >= 2 && token[0] == '#' && token[1] == '#')
        token += 2, length -= 2;
    else if (!first)
        TRY(text_append(out, " ", 1, error));
    TRY(text_append(out, token, length, error));
    if (clean_up && memchr(out->data + start, ' ', out->length - start))
        for (size_t i = 0; i < sizeof clean_ups / sizeof *clean_ups; i++)
            replace_all(out, start, clean_ups[i][0], clean_ups[i][1]);
    return BERT_OK;
}

bert_status bert_tokenizer_decode(const bert_tokenizer *t, const int32_t *ids, size_t count,
                                  bool skip_special_tokens, bool clean_up, bert_text *decoded,
                                  bert_error *error)
{
    text out = {decoded->data, 0, decoded->capacity};
    bert_status status = text_append(&out, "", 0, error);
    bool first = true;
    for (size_t i = 0; i < count && status == BERT_OK; i++) {
        const char *token = vocabulary_token_text(&t->vocabulary, ids[i]);
        if (!token || (skip_special_tokens && t->vocabulary.tokens[ids[i]].special))
            continue;
        status =
            append_token(&out, token, t->vocabulary.tokens[ids[i]].length, first, clean_up, error);
        first = false;
    }
    *decoded = (bert_text){out.data, out.length, out.capacity};
    return status;
}
