/* Reads documents from one input: the common interface of the readers of all formats.
 *
 * The format is detected from the content, separately for each file of an archive. To add one: a
 * file of its own with its reader_format, its name in READER_FORMATS below, the file's in
 * CMakeLists.txt (docs/contributing.md). */
#ifndef CORPUS_READER_H
#define CORPUS_READER_H

#include "bert.h"
#include "corpus/columns.h"
#include "corpus/empty_files.h"
#include "corpus/line_kind.h"
#include "corpus/source.h"

/* A longer document of plain text is continued as another one, to bound memory for any input. */
enum { DOCUMENT_LIMIT = 16 << 20 };

/* Invalid UTF-8 in an input, replaced by U+FFFD. */
typedef struct invalid_text {
    uint64_t bytes;
    uint64_t first_offset; /* in the input; valid if bytes > 0 */
} invalid_text;

/* How the text of a document is split into sentences. */
typedef enum sentence_borders {
    SENTENCES_BY_RULES,  /* corpus/sentences.h, in each paragraph */
    SENTENCES_ARE_LINES, /* each paragraph is a sentence */
    SENTENCE_IS_DOCUMENT,
} sentence_borders;

/* Always valid UTF-8. A line feed ends a paragraph, which no sentence crosses; other line breaks of
 * the input have been replaced by spaces. Not empty. */
typedef text document;

typedef struct reader reader;

typedef struct reader_format {
    const char *name;   /* for messages, e.g. "plain text" */
    bool binary;        /* detected first; the other formats may assume text */
    bool has_documents; /* it says itself what a document is: options.document_separator, which is
                           for text and tables, does not apply */
    /* Whether an input that begins with these bytes (at most SOURCE_PIECE) has the format. */
    bool (*detect)(const reader *reader, const char *head, size_t size);
    /* Creates reader->state, with the input at its beginning. NULL if the format has no state. */
    bert_status (*start)(reader *reader, bert_error *error);
    /* Replaces the content of `document` by the next document that has text; *found is false after
     * the last. */
    bert_status (*next)(reader *reader, document *document, bool *found, bert_error *error);
    /* For formats with columns (corpus/rows.h): appends the cells of the next row to the empty
     * reader->row. */
    bert_status (*row)(reader *reader, bool *found, bert_error *error);
    void (*end)(reader *reader); /* frees reader->state, which is not NULL */
} reader_format;

/* In the order of detection; the last one accepts any text. Each NAME is that of reader_NAME. */
#define READER_FORMATS(EACH) \
    EACH(parquet)            \
    EACH(arrow)              \
    EACH(wikipedia)          \
    EACH(markdown)           \
    EACH(json)               \
    EACH(wikitext)           \
    EACH(delimited)          \
    EACH(plain_text)

#define DECLARE(name) extern const reader_format reader_##name;
READER_FORMATS(DECLARE)
#undef DECLARE

typedef struct table_row {
    enum { ROWS_UNKNOWN, ROWS_ARE_DOCUMENTS, ROWS_ARE_WIKITEXT } kind;
    bool pending; /* text[begin, length) was not yet returned as lines */
    size_t begin;
    uint64_t offset;            /* in the input, as exactly as the format can tell */
    uint64_t line;              /* number of its first line; 0 for a format without lines */
    text text;                  /* owned */
    bool has_values, has_items; /* `text` has values of cells; elements of lists */
    text key;                   /* owned; value of the document column in the row before */
    size_t ends[COLUMNS_MAX], cell_count; /* of the cells, in `text` */
} table_row;

struct reader {
    const reader_format *format; /* NULL: the input is empty */
    source source;
    bert_reader_options options; /* with defaults applied */
    const char *columns_hint;    /* end of messages about columns: how to name others */
    bool takes_numbers;          /* numeric columns of typed tables are accepted too */
    bool skips_bad_rows; /* skip rows of text tables whose number of cells differs from the first
                            row */
    uint64_t bad_rows;
    invalid_text invalid;
    bool blank_before; /* the last line was blank, or there was no line yet */
    bool in_line;      /* the last line is continued by the next */
    uint64_t line_number;
    size_t document_limit;  /* DOCUMENT_LIMIT; callers to whom document ends do not matter may lower
                               it */
    bool keep_lines;        /* keep the line breaks of plain text as line feeds */
    line_kind lines;        /* of the current file, if it is plain text */
    uint64_t files;         /* that were opened: the input, or the files of an archive */
    bool has_text;          /* the current file had a document */
    empty_files empty;      /* those without one */
    uint64_t cut_documents; /* that reached document_limit and continue as another one */
    sentence_borders borders; /* of the document that reader_next returned last */
    text scratch;             /* owned */
    void *state;              /* owned by the format */
    table_row row;            /* of a table */
};

/* Opens an input ("-": standard input) and detects its format. One that is not text (a NUL byte
 * near its beginning, UTF-16) is an error; an empty one has no documents. Strings in `options` must
 * outlive the reader. */
bert_status reader_open(reader *reader, const char *input, const bert_reader_options *options,
                        bert_error *error);
/* The same for corpus/table.h, where an empty input is an error: `options.text_field` names the
 * columns, `columns_hint` tells the user how to name others. */
bert_status reader_open_table(reader *reader, const char *input, const bert_reader_options *options,
                              const char *columns_hint, bool skips_bad_rows, bert_error *error);
/* Whether the current file says itself what a document is (reader_format.has_documents). */
bool reader_has_documents(const reader *reader);
/* Advances to the next file of an archive; *found is false if there is none. */
bert_status reader_next_member(reader *reader, bool *found, bert_error *error);
bert_status reader_next(reader *reader, document *document, bool *found, bert_error *error);
void reader_close(reader *reader); /* safe on a zeroed struct */

/* For the formats: appends text to a document; invalid UTF-8 is replaced and counted. `offset` is
 * the position of the text in the input. */
bert_status reader_append(reader *reader, document *document, const char *data, size_t length,
                          uint64_t offset, bert_error *error);

/* The same for a text of several lines: drops blank lines, which would look like the end of a
 * document, and trims the others. */
bert_status reader_append_paragraphs(reader *reader, document *document, const char *data,
                                     size_t length, uint64_t offset, bert_error *error);

/* For the formats: the next line, from the input or from the rows of a table. */
bert_status reader_line(reader *reader, line *line, bool *found, bert_error *error);

/* For the formats: whether the name of the input ends with `ending`, optionally followed by the
 * extension of a compressed file. */
bool reader_name_ends(const reader *reader, const char *ending);

/* For the formats: trims white space at both ends and adjusts `offset`. */
line line_trim(line line);

/* The same for a segment of a long line (`is_continuation`: it follows another segment): white
 * space at the cuts is kept. */
struct line line_trim_part(struct line line, bool is_continuation);

#endif
