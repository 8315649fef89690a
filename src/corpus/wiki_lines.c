/* Processes the lines of a page after inline markup was removed: selects prose and separates
 * paragraphs. */
#include "corpus/wiki_markup.h"

#include <ctype.h>
#include <string.h>

enum { PARENTHESES_LIMIT = 16 };

typedef struct span {
    const char *data;
    size_t length;
} span;

static span trim(span line)
{
    while (line.length > 0 && (line.data[0] == ' ' || line.data[0] == '\t')) {
        line.data++;
        line.length--;
    }
    while (line.length > 0 && strchr(" \t\r", line.data[line.length - 1]))
        line.length--;
    return line;
}

/* The level of a heading "== Name =="; sets `line` to the name. Returns 0 if it is not a heading.
 */
static int take_heading(span *line)
{
    span name = *line;
    int level = 0;
    while (level < 6 && name.length > 2 && name.data[0] == '=' &&
           name.data[name.length - 1] == '=') {
        name.data++;
        name.length -= 2;
        level++;
    }
    if (level > 0)
        *line = trim(name);
    return level;
}

/* ---------------------------------------------------------------------------- a paragraph --- */

static bool has_words(const char *data, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (isalnum((unsigned char)data[i]) || (unsigned char)data[i] >= 0x80)
            return true;
    return false;
}

/* Writes a paragraph and removes the remains of templates, references and formulas: "( ; from …)",
 * "word ,", "()". */
typedef struct tidier {
    text *out;
    size_t begin;                   /* output position of the paragraph */
    size_t open[PARENTHESES_LIMIT]; /* output position after each open '(' */
    size_t depth;
} tidier;

static void drop_end(tidier *tidier, const char *characters)
{
    text *out = tidier->out;
    while (out->length > tidier->begin && strchr(characters, out->data[out->length - 1]))
        out->data[--out->length] = '\0';
}

static char last(const tidier *tidier)
{
    const text *out = tidier->out;
    return out->length > tidier->begin ? out->data[out->length - 1] : '\0';
}

static bert_status put(tidier *tidier, char character, bool ends, bert_error *error)
{
    switch (character) {
    case ' ':
        if (strchr(" (", last(tidier))) /* true at the beginning too */
            return BERT_OK;
        break;
    case ',':
    case ';':
        if (last(tidier) == '(')
            return BERT_OK;
        if (character == ',')
            drop_end(tidier, " ,");
        break;
    case '.':
        if (ends)
            drop_end(tidier, " ");
        break;
    case '(':
        if (tidier->depth < PARENTHESES_LIMIT)
            tidier->open[tidier->depth++] = tidier->out->length + 1;
        break;
    case ')':
        if (tidier->depth == 0)
            break;
        drop_end(tidier, " ,;");
        size_t open = tidier->open[--tidier->depth];
        if (tidier->out->length < open ||
            has_words(tidier->out->data + open, tidier->out->length - open))
            break;
        tidier->out->length = open - 1;
        drop_end(tidier, " ");
        return BERT_OK;
    default:
        break;
    }
    return text_append(tidier->out, &character, 1, error);
}

static bert_status append_tidied(text *out, span line, bert_error *error)
{
    tidier tidier = {.out = out, .begin = out->length};
    for (size_t i = 0; i < line.length; i++) {
        char character = line.data[i];
        if (character == WIKI_LITERAL_PIPE)
            character = '|';
        bool is_hard_space = i + 1 < line.length && memcmp(line.data + i, "\xC2\xA0", 2) == 0;
        if (character == '\t' || character == '\r' || is_hard_space)
            character = ' ';
        i += is_hard_space;
        bool ends = i + 1 == line.length || line.data[i + 1] == ' ';
        TRY(put(&tidier, character, ends, error));
    }
    drop_end(&tidier, " ");
    return BERT_OK;
}

/* ----------------------------------------------------------------------------------- lines --- */

typedef struct walk {
    bool in_paragraph; /* the last line was prose that the next line may continue */
    int hidden_level;  /* heading level of the section being dropped; 0: none */
} walk;

static bert_status take_line(text *out, walk *walk, span line, bert_error *error)
{
    line = trim(line);
    span name = line;
    int level = take_heading(&name);
    if (level > 0) {
        walk->in_paragraph = false;
        if (walk->hidden_level == 0 || level <= walk->hidden_level)
            walk->hidden_level = wiki_section_is_pointer(name.data, name.length) ? level : 0;
        return BERT_OK;
    }
    size_t marks = 0;
    while (marks < line.length && line.data[marks] == '-') /* a rule */
        marks++;
    if (marks < 4)
        marks = 0;
    while (marks < line.length && strchr("*#:;", line.data[marks]))
        marks++;
    bool is_rest =
        line.length > 0 && (line.data[0] == '|' || line.data[0] == '!'); /* of an unclosed table */
    if (walk->hidden_level > 0 || is_rest || !has_words(line.data, line.length)) {
        walk->in_paragraph = false;
        return BERT_OK;
    }
    line = trim((span){line.data + marks, line.length - marks});
    if (out->length > 0)
        TRY(text_append(out, walk->in_paragraph && marks == 0 ? " " : "\n", 1, error));
    walk->in_paragraph = marks == 0;
    return append_tidied(out, line, error);
}

bert_status wiki_lines_append(text *out, const char *lines, size_t length, bert_error *error)
{
    walk walk = {0};
    while (length > 0) {
        const char *end = memchr(lines, '\n', length);
        size_t taken = end ? (size_t)(end - lines) : length;
        TRY(take_line(out, &walk, (span){lines, taken}, error));
        taken += end != NULL;
        lines += taken;
        length -= taken;
    }
    return BERT_OK;
}

bert_status wiki_markup_append(text *out, const char *markup, size_t length, const wiki_page *page,
                               text *scratch, bert_error *error)
{
    text_clear(scratch);
    TRY(wiki_inline_append(scratch, markup, length, page, error));
    return wiki_lines_append(out, scratch->data ? scratch->data : "", scratch->length, error);
}
