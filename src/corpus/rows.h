/* Tables as a corpus, whatever their format.
 *
 * A row is a document, its chosen columns and the line breaks in them paragraphs: rows of a table
 * are examples without a common thread, and a pair of two of them would not be a pair of sentences
 * that follow each other. The exception is WikiText, which Hugging Face's data sets hold with a
 * line in each row: where the first row with text is a title, the rows are the lines of WikiText.
 */
#ifndef CORPUS_ROWS_H
#define CORPUS_ROWS_H

#include "corpus/reader.h"

/* `next` of all tables: documents out of what reader->format->row gives. */
bert_status rows_next(reader *reader, document *document, bool *found, bert_error *error);

/* Makes the next row the one at hand. */
bert_status rows_take(reader *reader, bool *found, bert_error *error);

/* For `row`: one more value of a cell, on a line of its own. */
bert_status rows_append_cell(reader *reader, const char *data, size_t length, bert_error *error);

/* For `row`: the cell of a chosen column ends here; one that is null had no value. */
void rows_end_cell(reader *reader);

/* The bytes of the n-th chosen column in the row at hand. */
void rows_cell(const reader *reader, size_t number, const char **data, size_t *length);

/* The next line of the rows, like source_line. */
bert_status rows_line(reader *reader, line *line, bool *found, bert_error *error);

#endif
