/* Documents out of one input: the interface that the readers of all formats stand behind.
 *
 * A format is chosen by the content, for each file of an archive anew. To add one: a file with a
 * reader_format, and a line in the table of reader.c. */
#ifndef CORPUS_READER_H
#define CORPUS_READER_H

#include "bert.h"
#include "corpus/columns.h"
#include "corpus/source.h"

/* A longer document of running text goes on as another one, so that memory stays bounded whatever
 * comes in. */
enum { DOCUMENT_LIMIT = 16 << 20 };

/* Bytes of an input that were not UTF-8, each run of them now U+FFFD. */
typedef struct invalid_text {
    uint64_t bytes;
    uint64_t first_offset; /* in the input; meaningful where bytes > 0 */
} invalid_text;

/* UTF-8 whatever the input held. A line feed ends a paragraph, which no sentence crosses; other
 * line breaks of the input have become spaces. Never empty once it was found. */
typedef text document;

typedef struct reader reader;

typedef struct reader_format {
    const char *name; /* "plain text": for messages */
    bool binary;      /* asked before anything else; the others may count on text */
    /* Whether an input that begins with these bytes (up to SOURCE_PIECE of them) is of the format.
     */
    bool (*detect)(const reader *reader, const char *head, size_t size);
    /* Makes reader->state, with the input at its beginning; NULL where the format needs none. */
    bert_status (*start)(reader *reader, bert_error *error);
    /* Replaces the content of `document` by the next one that has text; *found is false where there
     * is none left. */
    bert_status (*next)(reader *reader, document *document, bool *found, bert_error *error);
    /* What has columns (corpus/rows.h): appends the cells of the next row to the empty reader->row.
     */
    bert_status (*row)(reader *reader, bool *found, bert_error *error);
    void (*end)(reader *reader); /* releases reader->state, which is not NULL */
} reader_format;

extern const reader_format reader_arrow, reader_parquet, reader_delimited, reader_json_lines,
    reader_markdown, reader_plain_text, reader_wikipedia, reader_wikitext;

typedef struct table_row {
    enum { ROWS_UNKNOWN, ROWS_ARE_DOCUMENTS, ROWS_ARE_WIKITEXT } kind;
    bool waiting; /* text[begin, length) was not yet taken */
    size_t begin;
    uint64_t offset;                      /* in the input, as near as the format knows it */
    uint64_t line;                        /* where it begins; 0 for a format without lines */
    text text;                            /* owned */
    size_t ends[COLUMNS_MAX], cell_count; /* in `text`, of the cells */
} table_row;

struct reader {
    const reader_format *format;
    source source;
    bert_reader_options options; /* with the defaults filled in */
    const char *columns_hint;    /* ends messages about columns: how to name others */
    bool takes_numbers;          /* a column of numbers is fit, too: of a typed table */
    bool skips_bad_rows;         /* tables of text: those with more or fewer cells than the first */
    uint64_t bad_rows;
    invalid_text invalid;
    bool blank_before; /* the last line was blank, or there was none */
    bool in_line;      /* the last line goes on */
    uint64_t line_number;
    size_t document_limit; /* DOCUMENT_LIMIT; who does not ask where documents end may lower it */
    bool keep_lines;       /* the line breaks of plain text stay line feeds */
    text scratch;          /* owned */
    void *state;           /* owned, of the format */
    table_row row;         /* of a table */
};

/* Opens an input ("-": standard input) and finds out its format. An empty one, and one that holds
 * no text (a NUL byte near its beginning, UTF-16), is an error. Strings in `options` must outlive
 * the reader. */
bert_status reader_open(reader *reader, const char *input, const bert_reader_options *options,
                        bert_error *error);
/* The same for corpus/table.h: `options.text_field` names columns, `columns_hint` says how. */
bert_status reader_open_table(reader *reader, const char *input, const bert_reader_options *options,
                              const char *columns_hint, bool skips_bad_rows, bert_error *error);
/* Goes on to the next file of an archive; *found is false where there is none. */
bert_status reader_next_member(reader *reader, bool *found, bert_error *error);
bert_status reader_next(reader *reader, document *document, bool *found, bert_error *error);
void reader_close(reader *reader); /* safe on a zeroed struct */

/* For the formats: appends text to a document, with what is not UTF-8 replaced and counted.
 * `offset` is where in the input the text stood. */
bert_status reader_append(reader *reader, document *document, const char *data, size_t length,
                          uint64_t offset, bert_error *error);

/* The same for a text that may have several lines: without blank ones, which would look like the
 * end of a document, and without white space at the ends of the others. */
bert_status reader_append_paragraphs(reader *reader, document *document, const char *data,
                                     size_t length, uint64_t offset, bert_error *error);

/* For the formats: the next line, of the input or of a table's rows. */
bert_status reader_line(reader *reader, line *line, bool *found, bert_error *error);

/* For the formats: whether the input's name ends so, behind it at most the ending of a packed file.
 */
bool reader_name_ends(const reader *reader, const char *ending);

/* For the formats: the line without spaces and tabs at both ends; `offset` goes along. */
line line_trim(line line);

/* The same for a line that may be a part of a longer one (it follows such a part: `goes_on`): white
 * space at the cuts stays. */
struct line line_trim_part(struct line line, bool goes_on);

#endif
