/* Plain text: blank lines separate documents, other line breaks are spaces. */
#include "corpus/reader.h"

static bool detect(const reader *reader, const char *head, size_t size)
{
    (void)reader;
    (void)head;
    (void)size;
    return true;
}

static bert_status next(reader *reader, document *document, bool *found, bert_error *error)
{
    for (;;) {
        line line;
        bool more;
        TRY(source_line(&reader->source, &line, &more, error));
        if (!more)
            break;
        bool is_continuation = reader->in_line;
        reader->in_line = line.continues;
        struct line text = line_trim_part(line, is_continuation);
        if (text.length == 0) {
            if (!is_continuation && !line.continues && document->length > 0)
                break;
            continue;
        }
        if (!is_continuation && document->length > 0)
            TRY(text_append(document, reader->keep_lines ? "\n" : " ", 1, error));
        TRY(reader_append(reader, document, text.data, text.length, text.offset, error));
        if (document->length >= reader->document_limit)
            break;
    }
    *found = document->length > 0;
    return BERT_OK;
}

const reader_format reader_plain_text = {.name = "plain text", .detect = detect, .next = next};
