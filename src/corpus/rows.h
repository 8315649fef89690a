/* Tables of all formats as a corpus.
 *
 * A row is a document; the chosen columns, and the lines in them, are its paragraphs. Rows are not
 * joined unless the options say so (document_separator, document_column), because most tables have
 * unrelated examples, and next-sentence pairs must be consecutive text. The exception is WikiText,
 * stored in Hugging Face's data sets with one line per row: if the first row with text is a title,
 * rows are the lines of WikiText.
 *
 * Where options.document_column is set, the first cell of a row is its value. */
#ifndef CORPUS_ROWS_H
#define CORPUS_ROWS_H

#include "corpus/reader.h"

/* `next` of all table formats: makes documents from the rows of reader->format->row. */
bert_status rows_next(reader *reader, document *document, bool *found, bert_error *error);

/* Reads the next row into reader->row. */
bert_status rows_take(reader *reader, bool *found, bert_error *error);

/* For `row`: appends a value to the current cell, on a line of its own. */
bert_status rows_append_cell(reader *reader, const char *data, size_t length, bert_error *error);

/* For `row`: appends an element of a list of strings to the current cell. It is one sentence, so
 * its line breaks become spaces. */
bert_status rows_append_item(reader *reader, const char *data, size_t length, bert_error *error);

/* For `row`: ends the cell of a chosen column; a null cell has no values. */
void rows_end_cell(reader *reader);

/* The content of the n-th chosen column in the current row. */
void rows_cell(const reader *reader, size_t number, const char **data, size_t *length);

/* The next line of the rows, like source_line. */
bert_status rows_line(reader *reader, line *line, bool *found, bert_error *error);

#endif
