/* Inline wiki markup, within a line or across lines: comments, tags, templates, tables, links,
 * entities, bold and italics. One pass with a stack: an opening mark is pushed with the current
 * output position; when it is closed, the output since then is replaced. */
#include "corpus/wiki_markup.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicode/utf8.h>

enum {
    DEPTH_LIMIT = 64,  /* deeper nesting is treated as text */
    TAG_LIMIT = 4096,  /* maximum bytes up to '>' */
    ENTITY_LIMIT = 32, /* bytes of a name, "CounterClockwiseContourIntegral" */
    SWITCH_LIMIT = 80  /* of a behaviour switch, "__KEIN_INHALTSVERZEICHNIS__" */
};

typedef struct opening {
    enum { TEMPLATE, LINK, EXTERNAL_LINK, TABLE, VARIANTS } kind;
    size_t width; /* bytes of the opening mark */
    size_t begin; /* output position */
} opening;

typedef struct inliner {
    const char *start, *at, *end;
    text *out;
    text kept; /* words of a template */
    opening stack[DEPTH_LIMIT];
    size_t depth;
    const wiki_page *page;
    bool never_closed[WIKI_TAGS_MAX]; /* no closing tag of this kind follows */
    bool at_line_start;               /* ignoring spaces and colons */
    bert_error *error;
} inliner;

static bool begins(const inliner *in, const char *with)
{
    size_t length = strlen(with);
    return (size_t)(in->end - in->at) >= length && memcmp(in->at, with, length) == 0;
}

static bert_status put(inliner *in, const char *data, size_t length)
{
    in->at_line_start = false;
    return text_append(in->out, data, length, in->error);
}

/* --------------------------------------------------------------------------------- characters */

static bert_status put_character(inliner *in, int32_t character)
{
    char bytes[4];
    int32_t length = 0;
    if (character == 0xA0)
        character = ' ';
    if (character == '|')
        character = WIKI_LITERAL_PIPE;
    U8_APPEND_UNSAFE(bytes, length, character);
    return put(in, bytes, (size_t)length);
}

/* The character of "#8211" or "#x2013"; 0 if it is none. */
static int32_t numbered_character(const char *name, size_t length)
{
    /* C1 controls stand for what Windows has there: "&#150;" */
    static const uint16_t windows[32] = {
        0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
        0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};
    bool hexadecimal = name[1] == 'x' || name[1] == 'X';
    const char *digits = name + 1 + hexadecimal;
    if (!isxdigit((unsigned char)*digits))
        return 0;
    char *stop;
    long number = strtol(digits, &stop, hexadecimal ? 16 : 10);
    if (stop != name + length || number > 0x10FFFF || (number >= 0xD800 && number < 0xE000))
        return 0;
    if (number == '\t' || number == '\n' || number == '\r')
        return ' ';
    return number >= 0x80 && number < 0xA0 ? windows[number - 0x80]
           : number >= ' '                 ? (int32_t)number
                                           : 0;
}

static bert_status put_entity(inliner *in, const char *characters)
{
    for (size_t i = 0; characters[i];) {
        UChar32 character;
        U8_NEXT_UNSAFE(characters, i, character);
        TRY(put_character(in, character == '\n' || character == '\t' ? ' ' : character));
    }
    return BERT_OK;
}

/* "&nbsp;", "&#8211;", "&#x2013;"; anything else is a '&'. */
static bert_status take_entity(inliner *in)
{
    const char *name = in->at + 1;
    size_t left = (size_t)(in->end - name), length = 0;
    while (length < left && length < ENTITY_LIMIT &&
           (isalnum((unsigned char)name[length]) || name[length] == '#'))
        length++;
    if (length > 1 && length < left && name[length] == ';') {
        int32_t character = name[0] == '#' ? numbered_character(name, length) : 0;
        const char *named = name[0] == '#' ? NULL : wiki_entity_find(name, length);
        if (character || named) {
            in->at += length + 2;
            return character ? put_character(in, character) : put_entity(in, named);
        }
    }
    in->at++;
    return put_character(in, '&');
}

/* Bold and italics: 2, 3 or 5 apostrophes; more are text. */
static bert_status take_apostrophes(inliner *in)
{
    size_t count = 0;
    while (in->at + count < in->end && in->at[count] == '\'')
        count++;
    in->at += count;
    size_t shown = count == 1 ? 1 : count == 4 ? 1 : count > 5 ? count - 5 : 0;
    for (size_t i = 0; i < shown; i++)
        TRY(put(in, "'", 1));
    return BERT_OK;
}

/* The length of the name of a behaviour switch, in the capitals of any language; 0 if it is none.
 */
static size_t switch_length(const char *word, size_t left)
{
    size_t length = 0;
    while (length < left && length < SWITCH_LIMIT &&
           ((word[length] >= 'A' && word[length] <= 'Z') || (unsigned char)word[length] >= 0x80 ||
            (word[length] == '_' && length > 0 && length + 1 < left && word[length + 1] != '_')))
        length++;
    return length > 0 && left - length >= 2 && memcmp(word + length, "__", 2) == 0 ? length : 0;
}

/* A behaviour switch, e.g. "__NOTOC__". */
static bert_status take_underscores(inliner *in)
{
    size_t length =
        begins(in, "__") ? switch_length(in->at + 2, (size_t)(in->end - in->at) - 2) : 0;
    if (length > 0) {
        in->at += length + 4;
        return BERT_OK;
    }
    in->at++;
    return put(in, "_", 1);
}

/* --------------------------------------------------------------------------------------- tags */

/* Finds "</name" from `at` on; NULL if there is none. */
static const char *find_closing_tag(const char *at, const char *end, const char *name)
{
    size_t length = strlen(name);
    while ((at = memchr(at, '<', (size_t)(end - at)))) {
        if ((size_t)(end - at) > length + 2 && at[1] == '/' &&
            strncasecmp(at + 2, name, length) == 0 &&
            !strchr("abcdefghijklmnopqrstuvwxyz", at[length + 2] | 32))
            return at;
        at++;
    }
    return NULL;
}

static const char *after_tag(const char *at, const char *end)
{
    size_t left = (size_t)(end - at);
    const char *close = memchr(at, '>', left < TAG_LIMIT ? left : TAG_LIMIT);
    return close ? close + 1 : NULL;
}

/* The content of <nowiki> is text, except for entities. */
static bert_status take_literally(inliner *in, const char *until)
{
    while (in->at < until) {
        if (*in->at == '&') {
            TRY(take_entity(in));
            continue;
        }
        TRY(*in->at == '|' ? put_character(in, '|') : put(in, in->at, 1));
        in->at++;
    }
    return BERT_OK;
}

static bert_status take_content(inliner *in, size_t tag, bool shown)
{
    const char *close =
        in->never_closed[tag] ? NULL : find_closing_tag(in->at, in->end, wiki_tags[tag].name);
    in->never_closed[tag] |= !close;
    if (!close) /* drop the tag alone */
        return BERT_OK;
    if (shown)
        TRY(take_literally(in, close));
    in->at = close;
    const char *after = after_tag(close, in->end);
    in->at = after ? after : in->end;
    return BERT_OK;
}

static bert_status take_tag(inliner *in)
{
    if (begins(in, "<!--")) {
        const char *close = memmem(in->at, (size_t)(in->end - in->at), "-->", 3);
        in->at = close ? close + 3 : in->end;
        return BERT_OK;
    }
    const char *name = in->at + 1;
    bool closes = name < in->end && *name == '/';
    name += closes;
    size_t length = 0;
    while (name + length < in->end && length < 16 &&
           (((name[length] | 32) >= 'a' && (name[length] | 32) <= 'z') ||
            (length > 0 && name[length] >= '1' && name[length] <= '6')))
        length++;
    size_t tag = length > 0 ? wiki_tag_find(name, length) : wiki_tag_count;
    const char *after = tag < wiki_tag_count ? after_tag(name + length, in->end) : NULL;
    if (!after) {
        in->at++;
        return put(in, "<", 1);
    }
    in->at = after;
    bool has_content = !closes && after[-2] != '/';
    switch (wiki_tags[tag].kind) {
    case WIKI_TAG_BREAK:
        return text_append(in->out, "\n\n", 2, in->error);
    case WIKI_TAG_SPACE:
        return put(in, " ", 1);
    case WIKI_TAG_LITERAL:
    case WIKI_TAG_WHOLE:
        return has_content ? take_content(in, tag, wiki_tags[tag].kind == WIKI_TAG_LITERAL)
                           : BERT_OK;
    default:
        return BERT_OK;
    }
}

/* ---------------------------------------------------------------------------------- brackets */

static bert_status open_bracket(inliner *in, int kind, size_t width)
{
    if (in->depth == DEPTH_LIMIT) {
        TRY(put(in, in->at, width));
    } else {
        in->stack[in->depth++] = (opening){.kind = kind, .width = width, .begin = in->out->length};
    }
    in->at += width;
    return BERT_OK;
}

/* Links to files and categories, and interlanguage links ("fr:Anarchisme"), render no text. */
static bool is_hidden(const inliner *in, const char *target, size_t length, bool has_label)
{
    const char *colon = memchr(target, ':', length);
    if (!colon)
        return false;
    size_t prefix = (size_t)(colon - target);
    while (prefix > 0 && (target[prefix - 1] == ' ' || target[prefix - 1] == '_'))
        prefix--;
    while (prefix > 0 && (*target == ' ' || *target == '_')) {
        target++;
        prefix--;
    }
    if (wiki_prefix_is_hidden(in->page, target, prefix))
        return true;
    size_t letters = 0;
    while (letters < prefix && target[letters] >= 'a' && target[letters] <= 'z')
        letters++;
    return !has_label && letters >= 2 && letters <= 3 &&
           (letters == prefix || target[letters] == '-');
}

/* Replaces "target|label" by the label. */
static void close_link(inliner *in, size_t begin)
{
    text *out = in->out;
    size_t length = out->length - begin;
    char *content = length > 0 ? out->data + begin : NULL;
    if (!content)
        return;
    char *bar = memchr(content, '|', length);
    bool has_label = bar && bar + 1 < content + length;
    size_t target = bar ? (size_t)(bar - content) : length;
    if (is_hidden(in, content, target, has_label)) {
        wiki_cut(out, begin);
        return;
    }
    const char *label = has_label ? bar + 1 : content;
    size_t label_length = has_label ? length - target - 1 : target;
    if (!has_label && *label == ':') {
        label++;
        label_length--;
    }
    memmove(content, label, label_length);
    wiki_cut(out, begin + label_length);
}

/* Replaces "address label" by the label. */
static void close_external_link(text *out, size_t begin)
{
    size_t length = out->length - begin;
    char *content = length > 0 ? out->data + begin : NULL;
    char *space = content ? memchr(content, ' ', length) : NULL;
    if (!space) {
        wiki_cut(out, begin);
        return;
    }
    size_t label = length - (size_t)(space + 1 - content);
    memmove(content, space + 1, label);
    wiki_cut(out, begin + label);
}

static bert_status close_template(inliner *in, size_t begin)
{
    wiki_cut(&in->kept, 0);
    TRY(wiki_template_append(&in->kept, in->out->data ? in->out->data + begin : "",
                             in->out->length - begin, in->page, in->error));
    wiki_cut(in->out, begin);
    return text_append(in->out, in->kept.data ? in->kept.data : "", in->kept.length, in->error);
}

/* Pops unclosed links and variants; their content is kept as text. */
static void drop_links(inliner *in)
{
    while (in->depth > 0 && (in->stack[in->depth - 1].kind == LINK ||
                             in->stack[in->depth - 1].kind == EXTERNAL_LINK ||
                             in->stack[in->depth - 1].kind == VARIANTS))
        in->depth--;
}

static bool is_open(const inliner *in, int kind)
{
    return in->depth > 0 && (int)in->stack[in->depth - 1].kind == kind;
}

/* Replaces the variants between "-{" and "}-" by the one that is shown. */
static void close_variants(inliner *in, size_t begin)
{
    size_t start, size, length = in->out->length - begin;
    if (length == 0)
        return;
    char *content = in->out->data + begin;
    wiki_variant_find(content, length, &start, &size);
    memmove(content, content + start, size);
    wiki_cut(in->out, begin + size);
}

/* "-{" in a language with variants; "-{{" is a template behind a hyphen. */
static bool begins_variants(const inliner *in)
{
    return in->page->has_variants && in->at > in->start && in->at[-1] == '-' &&
           (!begins(in, "{{") || begins(in, "{{{")) && in->out->length > 0 &&
           in->out->data[in->out->length - 1] == '-' && in->depth < DEPTH_LIMIT;
}

static bert_status take_opening_brace(inliner *in)
{
    if (begins_variants(in)) {
        wiki_cut(in->out, in->out->length - 1);
        return open_bracket(in, VARIANTS, 1);
    }
    if (begins(in, "{|") && in->at_line_start)
        return open_bracket(in, TABLE, 2);
    if (!begins(in, "{{")) {
        in->at++;
        return put(in, "{", 1);
    }
    size_t width = begins(in, "{{{") && !begins(in, "{{{{") ? 3 : 2;
    bool line_start = in->at_line_start;
    TRY(open_bracket(in, TEMPLATE, width));
    in->at_line_start = line_start;
    return BERT_OK;
}

static bert_status take_closing_brace(inliner *in)
{
    if (begins(in, "}-") && is_open(in, VARIANTS)) {
        in->at += 2;
        close_variants(in, in->stack[--in->depth].begin);
        return BERT_OK;
    }
    if (!begins(in, "}}")) {
        in->at++;
        return put(in, "}", 1);
    }
    in->at += 2;
    drop_links(in);
    if (!is_open(in, TEMPLATE)) /* unmatched: dropped */
        return BERT_OK;
    const opening *opening = &in->stack[--in->depth];
    if (opening->width == 3 && in->at < in->end && *in->at == '}')
        in->at++;
    return close_template(in, opening->begin);
}

static bool is_address(const inliner *in)
{
    static const char *const schemes[] = {"http://", "https://", "ftp://", "//",
                                          "mailto:", "news:",    "irc://", "HTTP://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t length = strlen(schemes[i]);
        if ((size_t)(in->end - in->at) > length && memcmp(in->at + 1, schemes[i], length) == 0)
            return true;
    }
    return false;
}

static bert_status take_opening_bracket(inliner *in)
{
    if (begins(in, "[["))
        return open_bracket(in, LINK, 2);
    if (is_address(in))
        return open_bracket(in, EXTERNAL_LINK, 1);
    in->at++;
    return put(in, "[", 1);
}

static bert_status take_closing_bracket(inliner *in)
{
    if (is_open(in, EXTERNAL_LINK)) {
        in->at++;
        close_external_link(in->out, in->stack[--in->depth].begin);
        return BERT_OK;
    }
    if (begins(in, "]]") && is_open(in, LINK)) {
        in->at += 2;
        close_link(in, in->stack[--in->depth].begin);
        return BERT_OK;
    }
    in->at++;
    return put(in, "]", 1);
}

/* "|}" at the beginning of a line ends a table; "|}}" ends a template. */
static bert_status take_bar(inliner *in)
{
    if (begins(in, "|}") && in->at_line_start) {
        size_t depth = in->depth;
        bool is_template_end = begins(in, "|}}") && !is_open(in, TABLE);
        while (depth > 0 && in->stack[depth - 1].kind != TABLE && !is_template_end)
            depth--;
        if (depth > 0 && !is_template_end) {
            in->depth = depth - 1;
            wiki_cut(in->out, in->stack[in->depth].begin);
            in->at += 2;
            return BERT_OK;
        }
    }
    in->at++;
    return put(in, "|", 1);
}

/* ---------------------------------------------------------------------------------- all of it */

static bert_status take_line_end(inliner *in)
{
    while (is_open(in, EXTERNAL_LINK)) /* cannot span lines, so it was text */
        in->depth--;
    in->at++;
    TRY(put(in, "\n", 1));
    in->at_line_start = true;
    return BERT_OK;
}

/* A run of plain characters. */
static bert_status take_text(inliner *in)
{
    static const char marks[] = "<{[]}|&'_\n";
    const char *at = in->at;
    bool blank = in->at_line_start;
    while (at < in->end && !memchr(marks, *at, sizeof marks - 1)) {
        blank &= *at == ' ' || *at == '\t' || *at == ':';
        at++;
    }
    TRY(put(in, in->at, (size_t)(at - in->at)));
    in->at_line_start = blank;
    in->at = at;
    return BERT_OK;
}

static bert_status take_next(inliner *in)
{
    switch (*in->at) {
    case '<':
        return take_tag(in);
    case '{':
        return take_opening_brace(in);
    case '}':
        return take_closing_brace(in);
    case '[':
        return take_opening_bracket(in);
    case ']':
        return take_closing_bracket(in);
    case '|':
        return take_bar(in);
    case '&':
        return take_entity(in);
    case '\'':
        return take_apostrophes(in);
    case '_':
        return take_underscores(in);
    case '\n':
        return take_line_end(in);
    default:
        return take_text(in);
    }
}

/* Drops the output from `begin` on up to `end`. */
static void drop(text *out, size_t begin, const char *end)
{
    size_t kept = end ? out->length - (size_t)(end - out->data) : 0;
    memmove(out->data + begin, out->data + out->length - kept, kept);
    wiki_cut(out, begin + kept);
}

/* Of an unclosed template only the name is dropped, "{{a|", and the arguments of lines of their own
 * by wiki_lines.c; of an unclosed table the rest of its section. */
static void drop_unclosed(inliner *in)
{
    text *out = in->out;
    while (in->depth-- > 0) {
        const opening *opening = &in->stack[in->depth];
        if (opening->begin >= out->length)
            continue;
        char *begin = out->data + opening->begin;
        size_t left = out->length - opening->begin;
        if (opening->kind == TABLE) {
            drop(out, opening->begin, memmem(begin, left, "\n==", 3));
        } else if (opening->kind == TEMPLATE) {
            size_t name = strcspn(begin, "|\n.");
            if (begin[name] == '|' || (begin[name] == '\n' && begin[name + 1] == '|'))
                drop(out, opening->begin, begin + name + (begin[name] == '|'));
        }
    }
}

bert_status wiki_inline_append(text *out, const char *markup, size_t length, const wiki_page *page,
                               bert_error *error)
{
    inliner in = {.start = markup,
                  .at = markup,
                  .end = markup + length,
                  .out = out,
                  .page = page,
                  .at_line_start = true,
                  .error = error};
    bert_status status = BERT_OK;
    while (in.at < in.end && status == BERT_OK)
        status = take_next(&in);
    if (status == BERT_OK)
        drop_unclosed(&in);
    text_free(&in.kept);
    return status;
}
