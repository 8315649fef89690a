/* Markdown (CommonMark and GitHub's extensions) and reStructuredText, one line at a time in bounded
 * memory; a document is a file. Paragraphs are kept, and each list item and block quote as a
 * paragraph. Headings, code blocks, tables, directives, thematic breaks and comments are skipped,
 * as they are in WikiText and Wikipedia dumps: they hold no sentences.
 *
 * The two languages share one reader, as standard input has no name that tells them apart. Why it
 * is not a CommonMark library, docs/architecture.md says ("Own code and libraries"). */
#include "corpus/markdown.h"

#include "base/memory.h"
#include "corpus/reader.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef struct markdown {
    text paragraph;  /* the open paragraph: its lines joined by spaces */
    text clean;      /* the same without inline markup */
    int lines;       /* of the open paragraph; 0: none is open */
    uint64_t offset; /* of the paragraph in the input */
    char fence;      /* of the open fenced code block: '`', '~'; 0: none */
    size_t fence_length;
    bool in_comment, in_front_matter, in_table, in_list, in_ordered_list, after_blank;
    int hidden; /* lines indented more than this are skipped; -1: none */
    bool any;   /* a line that is not blank was read */
} markdown;

static bool detect(const reader *reader, const char *head, size_t size)
{
    (void)head, (void)size;
    return reader_name_ends(reader, ".md") || reader_name_ends(reader, ".markdown") ||
           reader_name_ends(reader, ".rst");
}

static void end(reader *reader)
{
    markdown *markdown = reader->state;
    text_free(&markdown->paragraph);
    text_free(&markdown->clean);
    free(markdown);
}

static bert_status start(reader *reader, bert_error *error)
{
    TRY(memory_array(&reader->state, 1, sizeof(markdown), "a reader of Markdown", error));
    *(markdown *)reader->state = (markdown){.hidden = -1, .after_blank = true};
    return BERT_OK;
}

/* -------------------------------------------------------------------------------------- lines */

/* The only character of a line, spaces aside; 0 where there are several. */
static char only_character(line line)
{
    for (size_t i = 1; i < line.length; i++)
        if (line.data[i] != line.data[0] && line.data[i] != ' ')
            return '\0';
    return line.length > 0 ? line.data[0] : '\0';
}

/* "====", "----", "* * *": the underline of a heading, or a thematic break. */
static bool is_rule(line line)
{
    char character = only_character(line);
    return line.length >= 3 && character && strchr("=-~^\"'`#*+.:_", character);
}

/* Whether such a line makes the line before it a heading. */
static bool is_underline(const markdown *markdown, line rule)
{
    return markdown->lines == 1 && (rule.data[0] == '=' || rule.data[0] == '-' ||
                                    rule.length >= markdown->paragraph.length);
}

/* Length of a list marker, "- ", "* ", "1. ", "(a) ", with its space; 0 where there is none. */
static size_t marker_length(line line)
{
    size_t i = 0;
    if (line.length > 1 && strchr("-*+", line.data[0])) {
        i = 1;
    } else {
        size_t open = line.length > 0 && line.data[0] == '(' ? 1 : 0;
        size_t digits = open;
        while (digits < line.length && digits < 9 && isdigit((unsigned char)line.data[digits]))
            digits++;
        if (digits == open && line.length > open + 1 && (line.data[open] == '#' || open) &&
            isalnum((unsigned char)line.data[open]))
            digits++;
        if (digits > open && digits < line.length && strchr(open ? ")" : ".)", line.data[digits]))
            i = digits + 1;
    }
    return i > 0 && i < line.length && (line.data[i] == ' ' || line.data[i] == '\t') ? i + 1 : 0;
}

/* A paragraph continues over a line that only looks like an item, "1917. A year.": to interrupt it,
 * an ordered list has to begin with 1 (CommonMark 0.31, 5.2). */
static bool is_item(const markdown *markdown, line line, size_t marker)
{
    if (marker == 0 || markdown->lines == 0 || markdown->in_ordered_list)
        return marker > 0;
    bool is_bullet = !isalnum((unsigned char)line.data[0]) && !strchr("(#", line.data[0]);
    return is_bullet || (line.data[0] == '1' && !isdigit((unsigned char)line.data[1]));
}

/* The row under a table's header, "--|:-:": a table need not begin its lines with "|". */
static bool is_delimiter_row(line line)
{
    bool has_pipe = false, has_dash = false;
    for (size_t i = 0; i < line.length; i++) {
        if (!strchr("|-: ", line.data[i]))
            return false;
        has_pipe |= line.data[i] == '|';
        has_dash |= line.data[i] == '-';
    }
    return has_pipe && has_dash;
}

static size_t measure_indent(line line)
{
    size_t indent = 0;
    for (size_t i = 0; i < line.length && (line.data[i] == ' ' || line.data[i] == '\t'); i++)
        indent += line.data[i] == '\t' ? 4 : 1;
    return indent;
}

static bool begins(line line, const char *with)
{
    return line.length >= strlen(with) && memcmp(line.data, with, strlen(with)) == 0;
}

static size_t count_first(line line)
{
    size_t count = 0;
    while (count < line.length && line.data[count] == line.data[0])
        count++;
    return count;
}

/* ---------------------------------------------------------------------------------- paragraphs */

static bool has_words(const text *text)
{
    for (size_t i = 0; i < text->length; i++)
        if (isalnum((unsigned char)text->data[i]) || (unsigned char)text->data[i] >= 0x80)
            return true;
    return false;
}

static bert_status end_paragraph(reader *reader, document *document, bert_error *error)
{
    markdown *markdown = reader->state;
    text *paragraph = &markdown->paragraph;
    if (paragraph->length == 0)
        return BERT_OK;
    size_t length = paragraph->length;
    if (length >= 2 && memcmp(paragraph->data + length - 2, "::", 2) == 0)
        length--; /* reStructuredText: a literal block follows */
    text_clear(&markdown->clean);
    TRY(markdown_append_inline(&markdown->clean, paragraph->data, length, error));
    text_clear(paragraph);
    markdown->lines = 0;
    return has_words(&markdown->clean)
               ? reader_append_paragraphs(reader, document, markdown->clean.data,
                                          markdown->clean.length, markdown->offset, error)
               : BERT_OK;
}

static bert_status add_line(markdown *markdown, line line, bert_error *error)
{
    if (markdown->paragraph.length == 0)
        markdown->offset = line.offset;
    else
        TRY(text_append(&markdown->paragraph, " ", 1, error));
    markdown->lines++;
    return text_append(&markdown->paragraph, line.data, line.length, error);
}

/* Whether the line belongs to an open code block, comment or front matter; closes it at its end. */
static bool is_inside_block(markdown *markdown, line line)
{
    if (markdown->fence) {
        if (only_character(line) == markdown->fence && count_first(line) >= markdown->fence_length)
            markdown->fence = '\0';
        return true;
    }
    if (markdown->in_comment) {
        markdown->in_comment = !memmem(line.data, line.length, "-->", 3);
        return true;
    }
    if (markdown->in_front_matter) {
        markdown->in_front_matter = !begins(line, "---") && !begins(line, "...");
        return true;
    }
    return false;
}

/* Whether the line opens such a block. */
static bool opens_block(markdown *markdown, line line)
{
    if (!markdown->any && line.length == 3 && begins(line, "---"))
        return markdown->in_front_matter = true;
    if (begins(line, "```") || begins(line, "~~~")) {
        size_t count = count_first(line);
        if (line.data[0] == '~' || !memchr(line.data + count, '`', line.length - count)) {
            bool underlines = markdown->lines == 1 && count == line.length && line.data[0] == '~';
            markdown->fence = underlines ? '\0' : line.data[0];
            markdown->fence_length = count;
            return !underlines;
        }
    }
    if (begins(line, "<!--")) {
        markdown->in_comment = !memmem(line.data, line.length, "-->", 3);
        return true;
    }
    return false;
}

static bool is_heading(line line)
{
    size_t level = line.length > 0 && line.data[0] == '#' ? count_first(line) : 0;
    return level > 0 && level <= 6 && line.length > level && line.data[level] == ' ';
}

/* Lines that are never prose: headings, link definitions, fields, rows of tables. */
static bool is_skipped(line line)
{
    bool is_definition = line.data[0] == '[' && memmem(line.data, line.length, "]: ", 3);
    bool is_field = line.data[0] == ':' && line.length > 2 &&
                    isalpha((unsigned char)line.data[1]) && !memchr(line.data, '`', line.length) &&
                    memchr(line.data + 2, ':', line.length - 2);
    return is_heading(line) || is_definition || is_field || line.data[0] == '|' ||
           begins(line, "+--") || begins(line, "+==");
}

/* Directives and comments of reStructuredText, ".. name::": what is indented below is skipped. */
static bool hides_below(markdown *markdown, line line, size_t indent)
{
    bool is_directive = begins(line, ".. ") || (line.length == 2 && begins(line, ".."));
    if (is_directive)
        markdown->hidden = (int)(indent < 1000 ? indent : 1000);
    return is_directive;
}

static bert_status take_prose(reader *reader, document *document, line line, size_t indent,
                              bert_error *error)
{
    markdown *markdown = reader->state;
    bool is_quote = line.data[0] == '>';
    while (line.length > 0 && (line.data[0] == '>' || line.data[0] == ' ')) {
        line.data++;
        line.length--;
        line.offset++;
    }
    size_t marker = marker_length(line);
    if (!is_item(markdown, line, marker))
        marker = 0;
    if (marker > 0 || line.length == 0)
        TRY(end_paragraph(reader, document, error));
    if (line.length == 0)
        return BERT_OK;
    if (!is_quote && marker == 0 && markdown->after_blank) {
        markdown->in_list &= indent > 0;
        markdown->in_ordered_list &= markdown->in_list;
        if (indent >= 4 && !markdown->in_list)
            return BERT_OK; /* an indented code block */
    }
    if (marker > 0) {
        markdown->in_list = true;
        markdown->in_ordered_list = marker > 2;
    }
    line.data += marker;
    line.length -= marker;
    line.offset += marker;
    if (is_heading(line)) /* in a quote or an item */
        return end_paragraph(reader, document, error);
    TRY(add_line(markdown, line_trim(line), error));
    if (line.length >= 2 && memcmp(line.data + line.length - 2, "::", 2) == 0)
        markdown->hidden = (int)(indent < 1000 ? indent : 1000);
    return BERT_OK;
}

static bert_status take_line(reader *reader, document *document, line whole, bert_error *error)
{
    markdown *markdown = reader->state;
    size_t indent = measure_indent(whole);
    line line = line_trim(whole);
    bool is_hidden = markdown->hidden >= 0 && (line.length == 0 || (int)indent > markdown->hidden);
    /* After "text::" the paragraph may continue up to the blank line. */
    if (is_hidden && line.length > 0 && markdown->paragraph.length == 0)
        return BERT_OK;
    if (line.length == 0) {
        TRY(end_paragraph(reader, document, error));
        markdown->after_blank = true;
        markdown->in_table = false;
        return BERT_OK;
    }
    if (markdown->in_table)
        return BERT_OK;
    if (!is_hidden)
        markdown->hidden = -1;
    if (markdown->lines == 1 && is_delimiter_row(line)) {
        text_clear(&markdown->paragraph); /* the header */
        markdown->lines = 0;
        markdown->in_table = true;
    } else if (is_rule(line) && indent == 0) {
        if (is_underline(markdown, line)) {
            text_clear(&markdown->paragraph);
            markdown->lines = 0;
        }
        TRY(end_paragraph(reader, document, error));
    } else if (is_skipped(line) || hides_below(markdown, line, indent)) {
        TRY(end_paragraph(reader, document, error));
    } else {
        TRY(take_prose(reader, document, line, indent, error));
    }
    markdown->after_blank = false;
    return BERT_OK;
}

static bert_status next(reader *reader, document *document, bool *found, bert_error *error)
{
    markdown *markdown = reader->state;
    while (document->length + markdown->paragraph.length < DOCUMENT_LIMIT) {
        line line;
        bool more;
        TRY(source_line(&reader->source, &line, &more, error));
        if (!more)
            break;
        struct line trimmed = line_trim(line);
        bool inside = is_inside_block(markdown, trimmed);
        if (!inside && opens_block(markdown, trimmed)) {
            TRY(end_paragraph(reader, document, error));
            inside = true;
        }
        if (!inside)
            TRY(take_line(reader, document, line, error));
        markdown->any |= trimmed.length > 0;
    }
    TRY(end_paragraph(reader, document, error));
    *found = document->length > 0;
    return BERT_OK;
}

const reader_format reader_markdown = {.name = "Markdown",
                                       .has_documents = true,
                                       .detect = detect,
                                       .start = start,
                                       .next = next,
                                       .end = end};
