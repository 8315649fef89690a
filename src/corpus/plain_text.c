/* Plain text: blank lines separate documents unless the options say otherwise
 * (document_separator); what other line breaks are, line_kind.h says. */
#include "corpus/reader.h"

static bool detect(const reader *reader, const char *head, size_t size)
{
    (void)reader;
    (void)head;
    (void)size;
    return true;
}

static bert_status start(reader *reader, bert_error *error)
{
    const source *source = &reader->source;
    const bert_reader_options *options = &reader->options;
    reader->lines = LINES_ARE_WRAPPED;
    if (options->sentence_separator == BERT_SENTENCE_SEPARATOR_LINE)
        reader->lines = LINES_ARE_SENTENCES;
    else if (options->sentence_separator == BERT_SENTENCE_SEPARATOR_AUTO &&
             options->document_separator != BERT_DOCUMENT_SEPARATOR_LINE)
        return line_kind_of(&reader->lines, source->buffer + source->begin,
                            source->end - source->begin, error);
    return BERT_OK;
}

static bert_status next(reader *reader, document *document, bool *found, bert_error *error)
{
    bool line_is_document = reader->options.document_separator == BERT_DOCUMENT_SEPARATOR_LINE;
    bool is_wrapped = reader->lines == LINES_ARE_WRAPPED && !reader->keep_lines;
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
            TRY(text_append(document, is_wrapped ? " " : "\n", 1, error));
        TRY(reader_append(reader, document, text.data, text.length, text.offset, error));
        if (line_is_document && !line.continues)
            break;
        if (document->length >= reader->document_limit) {
            reader->cut_documents++;
            break;
        }
    }
    if (reader->lines == LINES_ARE_SENTENCES)
        reader->borders = SENTENCES_ARE_LINES;
    *found = document->length > 0;
    return BERT_OK;
}

const reader_format reader_plain_text = {
    .name = "plain text", .detect = detect, .start = start, .next = next};
