#include "corpus/dialect.h"

#include <stdlib.h>
#include <string.h>

/* What the first row has if it is cut in a certain way. */
typedef struct first_row {
    size_t cells;
    bool has_name;  /* one of the cells is the name looked for */
    bool is_quoted; /* all cells are in quotation marks */
} first_row;

/* The end of the quoted cell that begins at `at`: the position of the closing quotation mark. */
static size_t quoted_end(const char *head, size_t size, size_t at, char quote)
{
    for (at++; at < size; at++)
        if (head[at] == quote) {
            if (at + 1 == size || head[at + 1] != quote)
                return at;
            at++; /* a doubled one stands for itself */
        }
    return size;
}

static bool is_line_break(char c)
{
    return c == '\n' || c == '\r';
}

static first_row read_first_row(const char *head, size_t size, dialect dialect, const char *name,
                                size_t length)
{
    first_row row = {.is_quoted = true};
    size_t at = 0;
    while (at < size && is_line_break(head[at]))
        at++;
    for (bool more = true; more; at++) {
        size_t begin = at, end = at;
        bool is_quoted = dialect.quote && at < size && head[at] == dialect.quote;
        if (is_quoted) {
            begin++;
            end = quoted_end(head, size, at, dialect.quote);
            at = end < size ? end + 1 : size;
        }
        size_t closed = at;
        while (at < size && head[at] != dialect.delimiter && !is_line_break(head[at]))
            at++;
        if (!is_quoted)
            end = at;
        else if (at > closed) /* text after a closing quotation mark: cut wrongly */
            return (first_row){.cells = 1};
        row.cells++;
        row.is_quoted &= is_quoted;
        row.has_name |= name && end - begin == length && memcmp(head + begin, name, length) == 0;
        more = at < size && head[at] == dialect.delimiter;
    }
    return row;
}

bool dialect_is_numbered(const char *fields)
{
    return fields && fields[0] >= '1' && fields[0] <= '9' &&
           fields[strspn(fields, "0123456789,")] == '\0';
}

static size_t largest_number(const char *fields)
{
    const char *name;
    size_t length, largest = 0;
    while (columns_next_name(&fields, &name, &length)) {
        size_t number = (size_t)strtoull(name, NULL, 10);
        largest = number > largest ? number : largest;
    }
    return largest;
}

/* The first row by this delimiter, and the quotation marks that it is to be read with. */
static first_row try_delimiter(dialect *dialect, char delimiter, const char *head, size_t size,
                               const char *name, size_t length)
{
    for (const char *quote = "\"'"; *quote; quote++) {
        *dialect = (struct dialect){delimiter, *quote};
        first_row row = read_first_row(head, size, *dialect, name, length);
        if (row.is_quoted)
            return row;
    }
    *dialect = (struct dialect){delimiter, delimiter == '\t' ? '\0' : '"'};
    return read_first_row(head, size, *dialect, name, length);
}

typedef struct wanted {
    const char *name; /* of a column; NULL: not known */
    size_t length;
    size_t cells; /* the row has to have at least */
} wanted;

static wanted wanted_columns(const reader *reader)
{
    const char *fields = reader->options.text_field;
    if (dialect_is_numbered(fields))
        return (wanted){.cells = largest_number(fields)};
    wanted wanted = {.cells = 2};
    if (!fields)
        fields = "text";
    else if (!strchr(fields, ','))
        wanted.cells = 1; /* a table of one column, if that is named */
    columns_next_name(&fields, &wanted.name, &wanted.length);
    return wanted;
}

/* The dialect of a table that its name does not tell. */
static bool find_by_content(dialect *dialect, const char *head, size_t size, const wanted *wanted)
{
    first_row row;
    for (const char *delimiter = "\t,;|"; *delimiter; delimiter++) {
        row = try_delimiter(dialect, *delimiter, head, size, wanted->name, wanted->length);
        if (row.cells > 1 && row.cells >= wanted->cells && (row.has_name || !wanted->name))
            return true;
    }
    row = try_delimiter(dialect, ',', head, size, wanted->name, wanted->length);
    return row.cells == 1 && wanted->cells == 1 && row.has_name;
}

/* The same for a table whose cells have commas between them, unless that makes no sense. */
static void find_for_csv(dialect *dialect, const char *head, size_t size, const wanted *wanted)
{
    size_t most = 0;
    for (const char *delimiter = ",;\t|"; *delimiter; delimiter++) {
        struct dialect tried;
        first_row row = try_delimiter(&tried, *delimiter, head, size, wanted->name, wanted->length);
        bool is_found = row.has_name && row.cells > 1;
        if (is_found || row.cells > most) {
            *dialect = tried;
            most = row.cells;
        }
        if (is_found || (*delimiter == ',' && row.cells > 1 && !wanted->name))
            break;
    }
    if (!dialect->quote) /* .csv with tabs, as spreadsheets write it */
        dialect->quote = '"';
}

bool dialect_find(dialect *dialect, const reader *reader, const char *head, size_t size)
{
    wanted wanted = wanted_columns(reader);
    if (reader_name_ends(reader, ".tsv") || reader_name_ends(reader, ".tab")) {
        try_delimiter(dialect, '\t', head, size, NULL, 0);
        return true;
    }
    if (reader_name_ends(reader, ".csv")) {
        find_for_csv(dialect, head, size, &wanted);
        return true;
    }
    return find_by_content(dialect, head, size, &wanted);
}
