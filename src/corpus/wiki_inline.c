/* Inline wiki markup, within a line or across lines: comments, tags, templates, tables, links,
 * entities, bold and italics. One pass with a stack: an opening mark is pushed with the current
 * output position; when it is closed, the output since then is replaced. */
#include "corpus/wiki_markup.h"

#include <libxml/HTMLparser.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicode/utf8.h>

enum {
    DEPTH_LIMIT = 64, /* deeper nesting is treated as text */
    TAG_LIMIT = 4096  /* maximum bytes up to '>' */
};

typedef struct opening {
    enum { TEMPLATE, LINK, EXTERNAL_LINK, TABLE } kind;
    size_t width; /* bytes of the opening mark */
    size_t begin; /* output position */
} opening;

/* The tags of MediaWiki; others are text. */
static const struct {
    const char *name;
    enum {
        BARE,
        BREAK,
        SPACE,
        WHOLE
    } what; /* what is dropped: the tag alone, or also its content */
} tags[] = {
    {"ref", WHOLE},
    {"math", WHOLE},
    {"chem", WHOLE},
    {"ce", WHOLE},
    {"gallery", WHOLE},
    {"timeline", WHOLE},
    {"score", WHOLE},
    {"graph", WHOLE},
    {"imagemap", WHOLE},
    {"hiero", WHOLE},
    {"mapframe", WHOLE},
    {"maplink", WHOLE},
    {"source", WHOLE},
    {"syntaxhighlight", WHOLE},
    {"pre", WHOLE},
    {"templatedata", WHOLE},
    {"table", WHOLE},
    {"inputbox", WHOLE},
    {"categorytree", WHOLE},
    {"includeonly", WHOLE},
    {"nowiki", BARE},
    {"references", BARE},
    {"section", BARE},
    {"noinclude", BARE},
    {"onlyinclude", BARE},
    {"b", BARE},
    {"i", BARE},
    {"u", BARE},
    {"s", BARE},
    {"em", BARE},
    {"strong", BARE},
    {"small", BARE},
    {"big", BARE},
    {"sub", BARE},
    {"sup", BARE},
    {"span", BARE},
    {"font", BARE},
    {"code", BARE},
    {"tt", BARE},
    {"kbd", BARE},
    {"samp", BARE},
    {"var", BARE},
    {"cite", BARE},
    {"q", BARE},
    {"abbr", BARE},
    {"dfn", BARE},
    {"del", BARE},
    {"ins", BARE},
    {"strike", BARE},
    {"bdi", BARE},
    {"bdo", BARE},
    {"mark", BARE},
    {"time", BARE},
    {"data", BARE},
    {"ruby", BARE},
    {"rb", BARE},
    {"rt", BARE},
    {"rp", BARE},
    {"wbr", BARE},
    {"a", BARE},
    {"br", SPACE},
    {"p", BREAK},
    {"div", BREAK},
    {"center", BREAK},
    {"blockquote", BREAK},
    {"poem", BREAK},
    {"ul", BREAK},
    {"ol", BREAK},
    {"li", BREAK},
    {"dl", BREAK},
    {"dt", BREAK},
    {"dd", BREAK},
    {"hr", BREAK},
    {"h1", BREAK},
    {"h2", BREAK},
    {"h3", BREAK},
    {"h4", BREAK},
    {"h5", BREAK},
    {"h6", BREAK},
};
enum { TAGS = sizeof tags / sizeof *tags };

typedef struct inliner {
    const char *start, *at, *end;
    text *out;
    text kept; /* words of a template */
    opening stack[DEPTH_LIMIT];
    size_t depth;
    const wiki_namespaces *namespaces;
    bool never_closed[TAGS]; /* no closing tag of this kind follows */
    bool at_line_start;      /* ignoring spaces and colons */
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

static void cut(text *out, size_t length)
{
    out->length = length;
    if (out->data)
        out->data[length] = '\0';
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

static int32_t named_character(const char *name, size_t length)
{
    char copy[16];
    if (length >= sizeof copy)
        return 0;
    memcpy(copy, name, length);
    copy[length] = '\0';
    const htmlEntityDesc *entity = htmlEntityLookup((const xmlChar *)copy);
    return entity ? (int32_t)entity->value : 0;
}

/* "&nbsp;", "&#8211;", "&#x2013;"; anything else is a '&'. */
static bert_status take_entity(inliner *in)
{
    const char *name = in->at + 1;
    size_t left = (size_t)(in->end - name), length = 0;
    while (length < left && length < 12 && name[length] != ';' && name[length] > ' ')
        length++;
    int32_t character = 0;
    if (length > 1 && length < left && name[length] == ';') {
        bool hexadecimal = name[1] == 'x' || name[1] == 'X';
        char *stop;
        if (name[0] == '#') {
            long number = strtol(name + 1 + hexadecimal, &stop, hexadecimal ? 16 : 10);
            bool is_character = stop == name + length && number >= ' ' && number <= 0x10FFFF &&
                                !(number >= 0xD800 && number < 0xE000);
            character = is_character ? (int32_t)number : 0;
        } else {
            character = named_character(name, length);
        }
    }
    in->at += character ? length + 2 : 1;
    return put_character(in, character ? character : '&');
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

/* A behaviour switch, e.g. "__NOTOC__". */
static bert_status take_underscores(inliner *in)
{
    const char *word = in->at + 2;
    size_t length = 0;
    if (begins(in, "__"))
        while (word + length + 1 < in->end && word[length] >= 'A' && word[length] <= 'Z')
            length++;
    if (length > 0 && word + length + 1 < in->end && memcmp(word + length, "__", 2) == 0) {
        in->at = word + length + 2;
        return BERT_OK;
    }
    in->at++;
    return put(in, "_", 1);
}

/* --------------------------------------------------------------------------------------- tags */

static size_t find_tag(const char *name, size_t length)
{
    for (size_t i = 0; i < TAGS; i++)
        if (strlen(tags[i].name) == length && strncasecmp(name, tags[i].name, length) == 0)
            return i;
    return TAGS;
}

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
        in->never_closed[tag] ? NULL : find_closing_tag(in->at, in->end, tags[tag].name);
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
    size_t tag = find_tag(name, length);
    const char *after = tag < TAGS ? after_tag(name + length, in->end) : NULL;
    if (!after) {
        in->at++;
        return put(in, "<", 1);
    }
    in->at = after;
    bool is_whole = closes || after[-2] == '/';
    if (tags[tag].what == BREAK)
        return text_append(in->out, "\n", 1, in->error);
    if (tags[tag].what == SPACE)
        return put(in, " ", 1);
    bool is_nowiki = strcmp(tags[tag].name, "nowiki") == 0;
    return is_whole || !(is_nowiki || tags[tag].what == WHOLE) ? BERT_OK
                                                               : take_content(in, tag, is_nowiki);
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

static bool is_in(const text *names, const char *name, size_t length)
{
    for (const char *line = names->data; line && *line;) {
        size_t size = strcspn(line, "\n");
        if (size == length && strncasecmp(line, name, length) == 0)
            return true;
        line += size + (line[size] == '\n');
    }
    return false;
}

/* Links to files and categories, and interlanguage links ("fr:Anarchisme"), render no text. */
static bool is_hidden(const inliner *in, const char *target, size_t length, bool has_label)
{
    static const char english[] = "file\nimage\nmedia\ncategory\n";
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
    if (is_in(&(text){.data = (char *)english}, target, prefix) ||
        is_in(in->namespaces, target, prefix))
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
        cut(out, begin);
        return;
    }
    const char *label = has_label ? bar + 1 : content;
    size_t label_length = has_label ? length - target - 1 : target;
    if (!has_label && *label == ':') {
        label++;
        label_length--;
    }
    memmove(content, label, label_length);
    cut(out, begin + label_length);
}

/* Replaces "address label" by the label. */
static void close_external_link(text *out, size_t begin)
{
    size_t length = out->length - begin;
    char *content = length > 0 ? out->data + begin : NULL;
    char *space = content ? memchr(content, ' ', length) : NULL;
    if (!space) {
        cut(out, begin);
        return;
    }
    size_t label = length - (size_t)(space + 1 - content);
    memmove(content, space + 1, label);
    cut(out, begin + label);
}

static bert_status close_template(inliner *in, size_t begin)
{
    cut(&in->kept, 0);
    TRY(wiki_template_append(&in->kept, in->out->data ? in->out->data + begin : "",
                             in->out->length - begin, in->error));
    cut(in->out, begin);
    return text_append(in->out, in->kept.data ? in->kept.data : "", in->kept.length, in->error);
}

/* Pops unclosed links; their content is kept as text. */
static void drop_links(inliner *in)
{
    while (in->depth > 0 && (in->stack[in->depth - 1].kind == LINK ||
                             in->stack[in->depth - 1].kind == EXTERNAL_LINK))
        in->depth--;
}

static bool is_open(const inliner *in, int kind)
{
    return in->depth > 0 && (int)in->stack[in->depth - 1].kind == kind;
}

static bert_status take_opening_brace(inliner *in)
{
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
            cut(in->out, in->stack[in->depth].begin);
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

/* An unclosed table drops the rest of its section only. */
static void drop_open_tables(inliner *in)
{
    text *out = in->out;
    for (size_t i = 0; i < in->depth; i++) {
        size_t begin = in->stack[i].begin;
        if (in->stack[i].kind != TABLE || begin >= out->length)
            continue;
        const char *heading = memmem(out->data + begin, out->length - begin, "\n==", 3);
        size_t kept = heading ? out->length - (size_t)(heading - out->data) : 0;
        memmove(out->data + begin, out->data + out->length - kept, kept);
        cut(out, begin + kept);
        return; /* what is nested in it is dropped with it */
    }
}

bert_status wiki_inline_append(text *out, const char *markup, size_t length,
                               const wiki_namespaces *namespaces, bert_error *error)
{
    inliner in = {.start = markup,
                  .at = markup,
                  .end = markup + length,
                  .out = out,
                  .namespaces = namespaces,
                  .at_line_start = true,
                  .error = error};
    bert_status status = BERT_OK;
    while (in.at < in.end && status == BERT_OK)
        status = take_next(&in);
    drop_open_tables(&in);
    text_free(&in.kept);
    return status;
}
