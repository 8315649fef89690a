/* Templates are programs whose definitions are not in a dump, so they cannot be expanded. Those
 * known here render words that sentences need, or are functions of MediaWiki's parser. */
#include "corpus/wiki_templates.h"
#include "corpus/wiki_markup.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

enum { NAME_MAX_BYTES = 64 };

typedef struct piece {
    const char *data;
    size_t length;
} piece;

typedef struct renderer {
    text *out;
    piece arguments;
    const wiki_page *page;
    bert_error *error;
} renderer;

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

static bool equals(piece piece, const char *word)
{
    return piece.length == strlen(word) && memcmp(piece.data, word, piece.length) == 0;
}

/* ----------------------------------------------------------------------------- arguments --- */

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

static bool is_name_byte(unsigned char byte)
{
    return byte >= 0x80 || ((byte | 32) >= 'a' && (byte | 32) <= 'z') ||
           (byte >= '0' && byte <= '9') || byte == ' ' || byte == '_' || byte == '-';
}

/* The length of the name of a named argument ("1=…" → 1); 0 for a positional one. */
static size_t name_length(piece argument)
{
    size_t i = 0;
    while (i < argument.length && is_name_byte((unsigned char)argument.data[i]))
        i++;
    return i > 0 && i < argument.length && argument.data[i] == '=' ? i : 0;
}

/* The argument of this name, or the positional one of this number, from 1. */
static piece find_argument(piece arguments, piece wanted)
{
    bool is_number = wanted.length == 1 && wanted.data[0] >= '1' && wanted.data[0] <= '9';
    piece part, found = {0};
    for (int position = 0; next_part(&arguments, &part);) {
        size_t length = name_length(part);
        piece name = trim((piece){part.data, length});
        if (length > 0 && name.length == wanted.length &&
            memcmp(name.data, wanted.data, name.length) == 0)
            found = trim((piece){part.data + length + 1, part.length - length - 1});
        else if (length == 0 && is_number && ++position == wanted.data[0] - '0')
            found = part;
    }
    return found;
}

static piece named(const renderer *renderer, const char *name)
{
    return find_argument(renderer->arguments, (piece){name, strlen(name)});
}

static piece positional(const renderer *renderer, int n)
{
    char digit = (char)('0' + n);
    return find_argument(renderer->arguments, (piece){&digit, 1});
}

/* ------------------------------------------------------------------------------- formats --- */

static bert_status put(const renderer *renderer, piece piece)
{
    return text_append(renderer->out, piece.data ? piece.data : "", piece.length, renderer->error);
}

static bert_status put_words(const renderer *renderer, const char *words)
{
    return text_append(renderer->out, words, strlen(words), renderer->error);
}

static bert_status put_all(const renderer *renderer, const char *separator, bool *is_empty)
{
    piece rest = renderer->arguments, part;
    *is_empty = true;
    while (next_part(&rest, &part)) {
        if (name_length(part) > 0 || part.length == 0)
            continue;
        if (!*is_empty)
            TRY(put_words(renderer, separator));
        *is_empty = false;
        TRY(put(renderer, part));
    }
    return BERT_OK;
}

static piece last_positional(const renderer *renderer)
{
    piece rest = renderer->arguments, part, last = {0};
    while (next_part(&rest, &part))
        if (name_length(part) == 0 && part.length > 0)
            last = part;
    return last;
}

static piece first_of(const renderer *renderer, piece names)
{
    while (names.length > 0) {
        const char *comma = memchr(names.data, ',', names.length);
        size_t size = comma ? (size_t)(comma - names.data) : names.length;
        piece found = find_argument(renderer->arguments, (piece){names.data, size});
        if (found.length > 0)
            return found;
        size += comma != NULL;
        names = (piece){names.data + size, names.length - size};
    }
    return (piece){0};
}

/* Appends what the '$' at *at stands for, and advances *at past it. */
static bert_status put_reference(const renderer *renderer, const char **at, bool *is_empty)
{
    char what = (*at)[1];
    piece found = {0};
    *is_empty = false;
    if (what == '*' || what == '+') {
        *at += 2;
        return put_all(renderer, what == '*' ? " " : "", is_empty);
    }
    if (what == '(') {
        const char *end = strchr(*at, ')');
        found = first_of(renderer, (piece){*at + 2, (size_t)(end - *at - 2)});
        *at = end + 1;
    } else if (what >= '1' && what <= '9') {
        found = positional(renderer, what - '0');
        *at += 2;
    } else if (what == '-') {
        found = last_positional(renderer);
        *at += 2;
    } else {
        *at += 2;
        return text_append(renderer->out, &what, 1, renderer->error);
    }
    *is_empty = found.length == 0;
    return put(renderer, found);
}

static bert_status put_format(const renderer *renderer, const char *format)
{
    size_t group = 0;
    bool in_group = false, lacks = false;
    for (const char *at = format; *at;) {
        bool is_empty = false;
        if (*at == '{') {
            group = renderer->out->length;
            in_group = true;
            lacks = false;
            at++;
        } else if (*at == '}' && in_group) {
            if (lacks)
                wiki_cut(renderer->out, group);
            in_group = false;
            at++;
        } else if (*at == '$') {
            TRY(put_reference(renderer, &at, &is_empty));
            lacks |= is_empty;
        } else {
            size_t size = 1 + strcspn(at + 1, "${}");
            TRY(put(renderer, (piece){at, size}));
            at += size;
        }
    }
    return BERT_OK;
}

/* ----------------------------------------------------------------------------- functions --- */

/* "convert|10|to|20|km|mi" → "10 to 20 km" */
static bert_status put_quantity(const renderer *renderer)
{
    static const char *const between[] = {"to", "and", "-",  "–",   "to(-)",
                                          "x",  "by",  "or", "+/-", "±"};
    piece second = positional(renderer, 2);
    for (size_t i = 0; i < sizeof between / sizeof *between; i++)
        if (equals(second, between[i]))
            return put_format(renderer, "$1 $2 $3 $4");
    return put_format(renderer, "$1 $2");
}

/* "1|2" → "1/2", "3|1|2" → "3 1/2", "4" → "1/4" */
static bert_status put_fraction(const renderer *renderer)
{
    return put_format(renderer, positional(renderer, 3).length > 0   ? "$1 $2/$3"
                                : positional(renderer, 2).length > 0 ? "$1/$2"
                                                                     : "1/$1");
}

static bert_status put_value(const renderer *renderer)
{
    return put_format(renderer, "$1{±$2}{×10^$(e)}{ $(u,ul)}{/$(up,upl)}");
}

static bert_status put_exponent(const renderer *renderer)
{
    return positional(renderer, 1).length > 0 ? put_format(renderer, "×10^$1")
                                              : put_words(renderer, "e");
}

static int number_of(piece piece)
{
    char digits[8];
    if (piece.length == 0 || piece.length >= sizeof digits)
        return 0;
    memcpy(digits, piece.data, piece.length);
    digits[piece.length] = '\0';
    char *end;
    long number = strtol(digits, &end, 10);
    return *end == '\0' && number > 0 ? (int)number : 0;
}

/* "as of|2015|3" → "As of March 2015" */
static bert_status put_as_of(const renderer *renderer)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    piece other = named(renderer, "alt"), month = positional(renderer, 2);
    if (other.length > 0)
        return put(renderer, other);
    bool is_lower = named(renderer, "lc").length > 0, since = named(renderer, "since").length > 0;
    TRY(put_words(renderer,
                  since ? (is_lower ? "since " : "Since ") : (is_lower ? "as of " : "As of ")));
    TRY(put_format(renderer, "{$3 }"));
    int number = number_of(month);
    if (month.length > 0 && number >= 1 && number <= 12)
        TRY(put_words(renderer, months[number - 1]));
    else
        TRY(put(renderer, month));
    return put_format(renderer, month.length > 0 ? " $1" : "$1");
}

/* Between two dates; an age of today has none here. */
static bert_status put_age(const renderer *renderer)
{
    int from[3], to[3];
    for (int i = 0; i < 3; i++) {
        from[i] = number_of(positional(renderer, 1 + i));
        to[i] = number_of(positional(renderer, 4 + i));
        if (from[i] == 0 || to[i] == 0)
            return BERT_OK;
    }
    bool before = to[1] < from[1] || (to[1] == from[1] && to[2] < from[2]);
    return text_format(renderer->out, renderer->error, "%d", to[0] - from[0] - before);
}

static bert_status put_ordinal(const renderer *renderer)
{
    piece digits = positional(renderer, 1);
    int number = number_of(digits), ten = number % 100;
    int one = ten >= 11 && ten <= 13 ? 0 : number % 10;
    TRY(put(renderer, digits));
    return number == 0 ? BERT_OK
                       : put_words(renderer, one == 1   ? "st"
                                             : one == 2 ? "nd"
                                             : one == 3 ? "rd"
                                                        : "th");
}

/* "English|日本|nihon" → "English (日本, nihon)" */
static bert_status put_nihongo(const renderer *renderer)
{
    bool has_kanji = positional(renderer, 2).length > 0;
    bool has_romaji = positional(renderer, 3).length > 0;
    return put_format(renderer, has_kanji && has_romaji ? "$1 ($2, $3)" : "$1{ ($2)}{ ($3)}");
}

/* In French a century, in Russian words without a line break. */
static bert_status put_century(const renderer *renderer)
{
    return put_format(renderer, positional(renderer, 2).length > 0 ? "$1$2 siècle" : "$1");
}

static bert_status put_sic(const renderer *renderer)
{
    return positional(renderer, 1).length > 0 ? put_format(renderer, "$1")
                                              : put_words(renderer, "[sic]");
}

static bert_status put_music(const renderer *renderer)
{
    static const char *const signs[][2] = {{"flat", "♭"}, {"b", "♭"},       {"sharp", "♯"},
                                           {"#", "♯"},    {"natural", "♮"}, {"n", "♮"}};
    piece sign = positional(renderer, 1);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (equals(sign, signs[i][0]))
            return put_words(renderer, signs[i][1]);
    return put(renderer, sign);
}

static const struct {
    const char *name;
    bert_status (*put)(const renderer *);
} functions[] = {
    {"convert", put_quantity},  {"fraction", put_fraction}, {"value", put_value},
    {"exponent", put_exponent}, {"as of", put_as_of},       {"age", put_age},
    {"ordinal", put_ordinal},   {"nihongo", put_nihongo},   {"century", put_century},
    {"sic", put_sic},           {"music", put_music},
};

static bert_status put_template(const renderer *renderer, const char *format)
{
    if (format[0] != '!')
        return put_format(renderer, format);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strcmp(format + 1, functions[i].name) == 0)
            return functions[i].put(renderer);
    return BERT_OK;
}

/* ----------------------------------------------------------- functions of MediaWiki's parser ---
 */

enum { MAP_FIRST = 1, MAP_LOWER = 2, MAP_UPPER = 4 };

static bert_status put_mapped(const renderer *renderer, piece piece, int how)
{
    for (size_t i = 0; i < piece.length;) {
        UChar32 character;
        bool is_mapped = i == 0 || !(how & MAP_FIRST);
        U8_NEXT(piece.data, i, piece.length, character);
        if (character < 0)
            continue;
        if (is_mapped)
            character = how & MAP_LOWER   ? u_tolower(character)
                        : how & MAP_UPPER ? u_toupper(character)
                                          : character;
        char bytes[4];
        size_t size = 0;
        U8_APPEND_UNSAFE(bytes, size, character);
        TRY(put(renderer, (struct piece){bytes, size}));
    }
    return BERT_OK;
}

/* Those whose value is known without the wiki, with the format of their arguments. The first is
 * behind the colon. Conditions ("#if:") and the like depend on what a template was called with. */
static const struct {
    const char *name, *format;
    int mapping;
} parser_functions[] = {
    {"formatnum", "$1", 0},
    {"zahlenformat", "$1", 0},
    {"formatonúmero", "$1", 0},
    {"formatonumero", "$1", 0},
    {"formatanum", "$1", 0},
    {"formatarnum", "$1", 0},
    {"форматчисла", "$1", 0},
    {"formatteernum", "$1", 0},
    {"formatnombre", "$1", 0},
    {"lc", "$1", MAP_LOWER},
    {"uc", "$1", MAP_UPPER},
    {"lcfirst", "$1", MAP_LOWER | MAP_FIRST},
    {"ucfirst", "$1", MAP_UPPER | MAP_FIRST},
    {"нр", "$1", MAP_LOWER},
    {"minuscules", "$1", MAP_LOWER},
    {"bc", "$1", MAP_LOWER},
    {"majuscules", "$1", MAP_UPPER},
    {"padleft", "$1", 0},
    {"padright", "$1", 0},
    {"grammar", "$2", 0},
    {"gender", "$(4,2)", 0},
    {"#formatdate", "$1", 0},
    {"#dateformat", "$1", 0},
};

static bert_status put_parser_function(renderer *renderer, piece name)
{
    if (equals(name, "plural")) {
        piece number = positional(renderer, 1);
        return put_format(renderer, equals(number, "1") ? "$2" : "$(3,2)");
    }
    for (size_t i = 0; i < sizeof parser_functions / sizeof *parser_functions; i++) {
        if (!equals(name, parser_functions[i].name))
            continue;
        if (!parser_functions[i].mapping)
            return put_format(renderer, parser_functions[i].format);
        return put_mapped(renderer, positional(renderer, 1), parser_functions[i].mapping);
    }
    return BERT_OK;
}

/* ---------------------------------------------------------------------------------- names --- */

/* Writes a name in lower case, with single spaces; an empty one if it is too long. */
static piece normalize(piece name, char out[NAME_MAX_BYTES])
{
    size_t size = 0;
    for (size_t i = 0; i < name.length;) {
        UChar32 character;
        if (size < NAME_MAX_BYTES && ((name.data[i] >= 'a' && name.data[i] <= 'z') ||
                                      (name.data[i] >= 'A' && name.data[i] <= 'Z'))) {
            out[size++] = (char)(name.data[i++] | 32);
            continue;
        }
        U8_NEXT(name.data, i, name.length, character);
        if (character == '_')
            character = ' ';
        if (character == ' ' && size > 0 && out[size - 1] == ' ')
            continue;
        if (character < 0 || size + U8_MAX_LENGTH > NAME_MAX_BYTES)
            return (piece){0};
        U8_APPEND_UNSAFE(out, size, u_tolower(character));
    }
    return (piece){out, size};
}

static int compare(piece name, const char *entry)
{
    size_t length = strlen(entry);
    int order = memcmp(name.data, entry, name.length < length ? name.length : length);
    return order != 0 ? order : (name.length > length) - (name.length < length);
}

static const char *find_format(piece name)
{
    for (size_t low = 0, high = wiki_template_count; low < high;) {
        size_t middle = low + (high - low) / 2;
        int order = compare(name, wiki_templates[middle].name);
        if (order == 0)
            return wiki_templates[middle].format;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* "lang-fr", "script/Hebrew", "link-en" */
static const char *find_prefix(piece name)
{
    static const wiki_template prefixes[] = {{"lang-", "$1"},
                                             {"script/", "$1"},
                                             {"link-", "$(3,1)"},
                                             {"internal link helper/", "$(3,1)"}};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t length = strlen(prefixes[i].name);
        if (name.length > length && memcmp(name.data, prefixes[i].name, length) == 0)
            return prefixes[i].format;
    }
    return NULL;
}

static size_t skip_set(piece name, size_t at, const char *set)
{
    while (at < name.length && strchr(set, name.data[at]))
        at++;
    return at;
}

/* German "enS": a word of a language. */
static bool is_german_language(piece name)
{
    size_t letters = 0;
    while (letters < name.length && name.data[letters] >= 'a' && name.data[letters] <= 'z')
        letters++;
    return (letters == 2 || letters == 3) && name.length == letters + 1 &&
           name.data[letters] == 'S';
}

/* French "1er", "XIXe siècle": the template renders its name. */
static bool is_french_number(piece name)
{
    static const char *const ends[] = {"e", "er", "re", "e siècle", "er siècle", "e siècles"};
    size_t digits = skip_set(name, 0, "0123456789");
    if (digits == 0)
        digits = skip_set(name, 0, "IVXLC");
    for (size_t i = 0; digits > 0 && i < sizeof ends / sizeof *ends; i++)
        if (equals((piece){name.data + digits, name.length - digits}, ends[i]))
            return true;
    return false;
}

static piece without_prefix(piece name)
{
    static const char *const prefixes[] = {
        "subst:", "safesubst:", "msg:", "msgnw:", "raw:", "template:"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t length = strlen(prefixes[i]);
        if (name.length > length && strncasecmp(name.data, prefixes[i], length) == 0)
            return trim((piece){name.data + length, name.length - length});
    }
    return name;
}

static bool is_page_name(piece name)
{
    return equals(name, "PAGENAME") || equals(name, "FULLPAGENAME") ||
           equals(name, "SUBPAGENAME") || equals(name, "BASEPAGENAME") ||
           equals(name, "ROOTPAGENAME");
}

bert_status wiki_template_append(text *out, const char *template, size_t length,
                                 const wiki_page *page, bert_error *error)
{
    renderer renderer = {.out = out, .arguments = {template, length}, .page = page, .error = error};
    piece first;
    if (!next_part(&renderer.arguments, &first))
        return BERT_OK;
    first = without_prefix(first);
    if (is_page_name(first) && page->title)
        return put_words(&renderer, page->title);
    if (equals(first, "!")) {
        char bar = WIKI_LITERAL_PIPE;
        return put(&renderer, (piece){&bar, 1});
    }
    char buffer[NAME_MAX_BYTES];
    piece name = normalize(first, buffer);
    const char *format = name.length > 0 ? find_format(name) : NULL;
    if (!format && name.length > 0)
        format = find_prefix(name);
    if (format)
        return put_template(&renderer, format);
    const char *colon = first.length > 0 ? memchr(first.data, ':', first.length) : NULL;
    if (colon) {
        name = normalize(trim((piece){first.data, (size_t)(colon - first.data)}), buffer);
        renderer.arguments = (piece){colon + 1, (size_t)(template + length - colon - 1)};
        return put_parser_function(&renderer, name);
    }
    if (is_german_language(first))
        return put_format(&renderer, "$1");
    return is_french_number(first) ? put(&renderer, first) : BERT_OK;
}
