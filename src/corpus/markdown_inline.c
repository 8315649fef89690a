#include "corpus/markdown.h"

#include <ctype.h>
#include <string.h>

enum { REACH = 2048 }; /* bytes, from an opening delimiter to its closing one */

typedef struct inliner {
    const char *at, *end, *start;
    text *out;
    const char *label_end, *link_end; /* of the link whose text is being read; NULL: none */
    bert_error *error;
} inliner;

static const char *find(const char *at, const char *end, const char *what)
{
    size_t left = (size_t)(end - at);
    return memmem(at, left < REACH ? left : REACH, what, strlen(what));
}

static bert_status put(inliner *in, size_t length)
{
    const char *data = in->at;
    in->at += length;
    return text_append(in->out, data, length, in->error);
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

static bool begins(const inliner *in, const char *with)
{
    size_t length = strlen(with);
    return (size_t)(in->end - in->at) >= length && memcmp(in->at, with, length) == 0;
}

/* Removes the role of reStructuredText, ":ref:", that `out` ends with. */
static void drop_role(text *out)
{
    size_t at = out->length;
    if (at < 3 || out->data[at - 1] != ':')
        return;
    at--;
    while (at > 0 && (islower((unsigned char)out->data[at - 1]) || out->data[at - 1] == '-'))
        at--;
    if (at > 0 && at + 1 < out->length && out->data[at - 1] == ':') {
        out->length = at - 1;
        out->data[out->length] = '\0';
    }
}

/* A code span, `code`, ``code``; in reStructuredText also :role:`text <target>`, `text <URL>`_. */
static bert_status take_code(inliner *in)
{
    char marks[4] = "";
    size_t count = 0;
    while (in->at + count < in->end && in->at[count] == '`')
        count++;
    if (count >= sizeof marks)
        return put(in, count);
    memset(marks, '`', count);
    const char *content = in->at + count, *close = find(content, in->end, marks);
    if (!close)
        return put(in, count);
    drop_role(in->out);
    size_t length = (size_t)(close - content);
    const char *target = length > 0 && close[-1] == '>' ? memrchr(content, '<', length) : NULL;
    if (count == 1 && target > content) {
        length = (size_t)(target - content);
        while (length > 0 && content[length - 1] == ' ')
            length--;
    }
    in->at = close + count;
    while (in->at < in->end && *in->at == '_')
        in->at++;
    return text_append(in->out, content, length, in->error);
}

/* A run of "*" or "_" is emphasis at the edge of a word: not in 2*3, snake_case or a * b. That it
 * is closed is not asked, unlike in CommonMark: stray marks are no use in running text. */
static bert_status take_emphasis(inliner *in)
{
    size_t count = 1;
    while (in->at + count < in->end && in->at[count] == *in->at)
        count++;
    char before = in->at > in->start ? in->at[-1] : ' ';
    char after = in->at + count < in->end ? in->at[count] : ' ';
    bool between_words = is_word(before) && is_word(after);
    bool alone = isspace((unsigned char)before) && isspace((unsigned char)after);
    if (between_words || alone)
        return put(in, count);
    in->at += count;
    return BERT_OK;
}

/* The end of "](URL)" or "][label]"; NULL where neither follows the link's text. */
static const char *find_link_end(const char *label_end, const char *end)
{
    if (label_end + 1 >= end || (label_end[1] != '(' && label_end[1] != '['))
        return NULL;
    const char *close = find(label_end + 1, end, label_end[1] == '(' ? ")" : "]");
    return close ? close + 1 : NULL;
}

static bert_status take_bracket(inliner *in)
{
    bool is_image = *in->at == '!';
    const char *label = in->at + 1 + is_image;
    const char *label_end = find(label, in->end, "]");
    if (label_end && label < in->end && *label == '^') { /* a footnote reference */
        in->at = label_end + 1;
        return BERT_OK;
    }
    const char *link_end = label_end && !in->label_end ? find_link_end(label_end, in->end) : NULL;
    if (!link_end)
        return put(in, 1);
    if (is_image) {
        in->at = link_end;
        return BERT_OK;
    }
    in->at = label;
    in->label_end = label_end;
    in->link_end = link_end;
    return BERT_OK;
}

/* <tag>, </tag>, <!-- … -->, <http://…> */
static bert_status take_tag(inliner *in)
{
    char first = in->at + 1 < in->end ? in->at[1] : ' ';
    const char *close = isalpha((unsigned char)first) || first == '/' || first == '!'
                            ? find(in->at, in->end, begins(in, "<!--") ? "-->" : ">")
                            : NULL;
    if (!close)
        return put(in, 1);
    in->at = close + (*close == '-' ? 3 : 1);
    return BERT_OK;
}

static bert_status take_next(inliner *in)
{
    switch (*in->at) {
    case '`':
        return take_code(in);
    case '*':
    case '_':
        return take_emphasis(in);
    case '!':
        return begins(in, "![") ? take_bracket(in) : put(in, 1);
    case '[':
        return take_bracket(in);
    case '<':
        return take_tag(in);
    case '\\':
        if (in->at + 1 < in->end && ispunct((unsigned char)in->at[1]))
            in->at++;
        return put(in, 1);
    default:
        break;
    }
    size_t length = 1;
    while (in->at + length < in->end && !strchr("`*_![<\\", in->at[length]) &&
           in->at + length != in->label_end)
        length++;
    return put(in, length);
}

bert_status markdown_append_inline(text *out, const char *paragraph, size_t length,
                                   bert_error *error)
{
    inliner in = {
        .at = paragraph, .end = paragraph + length, .start = paragraph, .out = out, .error = error};
    while (in.at < in.end) {
        if (in.label_end && in.at >= in.label_end) {
            if (in.at < in.link_end)
                in.at = in.link_end;
            in.label_end = NULL;
            continue;
        }
        TRY(take_next(&in));
    }
    return BERT_OK;
}
