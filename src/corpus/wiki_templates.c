/* Templates are programs whose definitions are not in a dump, so they cannot be expanded. These
 * few, of the English Wikipedia and others that copied them, render words that sentences need. */
#include "corpus/wiki_markup.h"

#include <string.h>
#include <strings.h>

typedef struct piece {
    const char *data;
    size_t length;
} piece;

static piece trim(piece piece)
{
    while (piece.length > 0 && strchr(" \t\n_", piece.data[0])) {
        piece.data++;
        piece.length--;
    }
    while (piece.length > 0 && strchr(" \t\n_", piece.data[piece.length - 1]))
        piece.length--;
    return piece;
}

/* The part before the next '|'; `rest` then begins after it. Returns false at the end. */
static bool next_part(piece *rest, piece *part)
{
    if (!rest->data)
        return false;
    const char *bar = memchr(rest->data, '|', rest->length);
    size_t taken = bar ? (size_t)(bar - rest->data) : rest->length;
    *part = trim((piece){rest->data, taken});
    *rest = bar ? (piece){bar + 1, rest->length - taken - 1} : (piece){0};
    return true;
}

/* The length of the name of a named argument ("1=…" → 1); 0 for a positional one. */
static size_t name_length(piece argument)
{
    size_t i = 0;
    while (i < argument.length &&
           (argument.data[i] == ' ' || argument.data[i] == '_' ||
            (argument.data[i] >= '0' && argument.data[i] <= '9') ||
            ((argument.data[i] | 32) >= 'a' && (argument.data[i] | 32) <= 'z')))
        i++;
    return i > 0 && i < argument.length && argument.data[i] == '=' ? i : 0;
}

/* The n-th positional argument, from 1, or the one named by this number. */
static piece find_argument(piece arguments, int n)
{
    piece part;
    for (int position = 0; next_part(&arguments, &part);) {
        size_t name = name_length(part);
        if (name == 1 && part.data[0] == '0' + n)
            return trim((piece){part.data + 2, part.length - 2});
        if (name == 0 && ++position == n)
            return part;
    }
    return (piece){0};
}

static bert_status append(text *out, piece piece, bert_error *error)
{
    return text_append(out, piece.data ? piece.data : "", piece.length, error);
}

/* "convert|10|to|20|km|mi" → "10 to 20 km" */
static bert_status append_quantity(text *out, piece arguments, bert_error *error)
{
    static const char *const between[] = {"to", "and", "-",  "–",   "to(-)",
                                          "x",  "by",  "or", "+/-", "±"};
    piece second = find_argument(arguments, 2);
    int count = 2;
    for (size_t i = 0; i < sizeof between / sizeof *between; i++)
        if (second.length == strlen(between[i]) &&
            memcmp(second.data, between[i], second.length) == 0)
            count = 4;
    for (int i = 1; i <= count; i++) {
        if (i > 1)
            TRY(text_append(out, " ", 1, error));
        TRY(append(out, find_argument(arguments, i), error));
    }
    return BERT_OK;
}

/* The rendered words, followed by an argument (0: none). */
static const struct {
    const char *name; /* "lang-" matches all names with this prefix */
    const char *words;
    int argument;
} kept[] = {
    {"lang", "", 2},
    {"lang-", "", 1},
    {"transl", "", 2},
    {"ship", "", 2},
    {"nowrap", "", 1},
    {"nobr", "", 1},
    {"nobold", "", 1},
    {"small", "", 1},
    {"smaller", "", 1},
    {"big", "", 1},
    {"larger", "", 1},
    {"smallcaps", "", 1},
    {"sc", "", 1},
    {"em", "", 1},
    {"strong", "", 1},
    {"abbr", "", 1},
    {"tooltip", "", 1},
    {"sic", "", 1},
    {"ill", "", 1},
    {"interlanguage link", "", 1},
    {"visible anchor", "", 1},
    {"quote", "", 1},
    {"blockquote", "", 1},
    {"cquote", "", 1},
    {"poemquote", "", 1},
    {"math", "", 1},
    {"mvar", "", 1},
    {"var", "", 1},
    {"val", "", 1},
    {"circa", "c. ", 1},
    {"c.", "c. ", 1},
    {"ndash", "–", 0},
    {"mdash", "—", 0},
    {"dash", " – ", 0},
    {"snd", " – ", 0},
    {"spnd", " – ", 0},
    {"spaced ndash", " – ", 0},
    {"nbsp", " ", 0},
    {"'", "'", 0},
    {"=", "=", 0},
    {"\"'", "\"'", 0},
    {"pi", "π", 0},
    {"times", "×", 0},
};

static bool has_name(piece name, const char *wanted)
{
    size_t length = strlen(wanted);
    return (wanted[length - 1] == '-' ? name.length > length : name.length == length) &&
           strncasecmp(name.data, wanted, length) == 0;
}

bert_status wiki_template_append(text *out, const char *template, size_t length, bert_error *error)
{
    piece arguments = {template, length}, name;
    if (!next_part(&arguments, &name))
        return BERT_OK;
    if (has_name(name, "convert") || has_name(name, "cvt"))
        return append_quantity(out, arguments, error);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (has_name(name, kept[i].name)) {
            TRY(text_append(out, kept[i].words, strlen(kept[i].words), error));
            return kept[i].argument > 0
                       ? append(out, find_argument(arguments, kept[i].argument), error)
                       : BERT_OK;
        }
    return BERT_OK;
}
