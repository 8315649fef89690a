/* How tables of text are cut into cells: chosen by the name of the file, or by its first row. */
#ifndef CORPUS_DIALECT_H
#define CORPUS_DIALECT_H

#include "corpus/reader.h"

typedef struct dialect {
    char delimiter;
    char quote; /* what cells may stand in (RFC 4180); 0: nothing */
} dialect;

/* The dialect of an input that begins with head[0, size); false if it is not a table of text.
 *
 * A name tells: .csv, .tsv, .tab. Any other input is a table if its first row has the column that
 * options.text_field names, or "text", or as many columns as its numbers ask for. The delimiter is
 * a comma, a tab, a semicolon or a bar: the one by which the first row has that column, or else the
 * most columns. Quotation marks are double, or single if all names of columns are in such. They
 * count between tabs only if all names of columns are in them. */
bool dialect_find(dialect *dialect, const reader *reader, const char *head, size_t size);

/* Whether columns are named by their numbers, so that the first row is data. */
bool dialect_is_numbered(const char *fields);

#endif
