#include "tokenizer/load.h"

#include <inttypes.h>
#include <string.h>

enum { VOCABULARY_MAX_BYTES = 1 << 30 };

/* The length of a line without the white space at its end. */
static size_t trim(const char *line, size_t length)
{
    while (length > 0) {
        size_t start = length - 1;
        while (start > 0 && length - start < 4 && ((unsigned char)line[start] & 0xC0) == 0x80)
            start--;
        uint32_t code;
        bool valid;
        int bytes =
            unicode_decode((const unsigned char *)line + start, length - start, &code, &valid);
        if (!valid || start + (size_t)bytes != length || !unicode_in(unicode_whitespace(), code))
            break;
        length = start;
    }
    return length;
}

bert_status vocab_txt_read(bert_tokenizer *t, const char *path, bert_error *error)
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF";
    const size_t mark_length = sizeof byte_order_mark - 1;
    text content = {0};
    bert_status status;
    TRY_OR_GO(status, file_read(&content, path, VOCABULARY_MAX_BYTES, error), done);
    if (content.length == 0) {
        status = error_set(error, BERT_ERROR_INPUT,
                           "%s: is empty, expected a vocabulary with one token per line", path);
        goto done;
    }
    bool marked =
        content.length >= mark_length && memcmp(content.data, byte_order_mark, mark_length) == 0;
    int64_t id = 0;
    for (size_t i = marked ? mark_length : 0; i < content.length && status == BERT_OK; id++) {
        const char *line = content.data + i;
        const char *end = memchr(line, '\n', content.length - i);
        size_t length = end ? (size_t)(end - line) : content.length - i;
        i += length + 1;
        status = vocabulary_add_last(&t->vocabulary, id, line, trim(line, length), error);
    }
    if (status != BERT_OK)
        error_prefix(error, status, "%s:%" PRId64, path, id);
done:
    text_free(&content);
    return status;
}
