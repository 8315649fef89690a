/* WikiText as Merity et al. 2016 published it: an article begins with the line " = Title = ", its
 * sections with " = = Section = = ", and every other line that is not blank is a paragraph.
 *
 * Titles and section headings are dropped: they are not sentences, and as segments of a pair their
 * form alone would give away the answer. */
#include "corpus/reader.h"

#include <string.h>

/* Returns 0 if the line is not a heading, 1 for a title, 2 and more for a section. */
static int heading_level(line line)
{
    if (line.length == 0 || line.data[0] != ' ')
        return 0;
    line = line_trim(line);
    int level = 0;
    while (line.length >= 4 && memcmp(line.data, "= ", 2) == 0 &&
           memcmp(line.data + line.length - 2, " =", 2) == 0) {
        level++;
        line.data += 2;
        line.length -= 4;
    }
    return line.length > 0 ? level : 0;
}

/* Whether the first line that is not blank is a title. */
static bool detect(const reader *reader, const char *head, size_t size)
{
    (void)reader;
    while (size > 0) {
        const char *end = memchr(head, '\n', size);
        if (!end)
            return false;
        line line = {.data = head, .length = (size_t)(end - head)};
        if (line_trim(line).length > 0)
            return heading_level(line) == 1;
        size -= line.length + 1;
        head = end + 1;
    }
    return false;
}

static bert_status append_paragraph(reader *reader, document *document, line line,
                                    bool is_continuation, bert_error *error)
{
    struct line text = line_trim_part(line, is_continuation);
    if (text.length == 0)
        return BERT_OK;
    if (!is_continuation && document->length > 0)
        TRY(text_append(document, "\n", 1, error));
    return reader_append(reader, document, text.data, text.length, text.offset, error);
}

static bert_status next(reader *reader, document *document, bool *found, bert_error *error)
{
    for (;;) {
        line line;
        bool more;
        TRY(reader_line(reader, &line, &more, error));
        if (!more)
            break;
        bool is_continuation = reader->in_line;
        reader->in_line = line.continues;
        /* Headings follow blank lines: " = 1 = " inside a paragraph is not a heading. */
        int level =
            reader->blank_before && !is_continuation && !line.continues ? heading_level(line) : 0;
        reader->blank_before = !is_continuation && !line.continues && line_trim(line).length == 0;
        if (level == 1 && document->length > 0)
            break;
        if (level == 0)
            TRY(append_paragraph(reader, document, line, is_continuation, error));
        if (document->length >= reader->document_limit)
            break;
    }
    *found = document->length > 0;
    return BERT_OK;
}

const reader_format reader_wikitext = {
    .name = "WikiText", .has_documents = true, .detect = detect, .next = next};
