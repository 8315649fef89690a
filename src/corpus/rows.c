#include "corpus/rows.h"

#include <string.h>

/* Whether the current cell is that of the document column. */
static bool in_key(const reader *reader)
{
    return reader->options.document_column && reader->row.cell_count == 0;
}

static bert_status append(reader *reader, const char *data, size_t length, bert_error *error)
{
    if (length > 0 && reader->row.text.length > 0)
        TRY(text_append(&reader->row.text, "\n", 1, error));
    return text_append(&reader->row.text, data, length, error);
}

bert_status rows_append_cell(reader *reader, const char *data, size_t length, bert_error *error)
{
    reader->row.has_values |= length > 0 && !in_key(reader);
    return append(reader, data, length, error);
}

static void replace_line_breaks(char *data, size_t length)
{
    char *end = data + length;
    for (char *found = data; (found = memchr(found, '\n', (size_t)(end - found)));) {
        *found = ' ';
        if (found > data && found[-1] == '\r')
            found[-1] = ' ';
    }
}

bert_status rows_append_item(reader *reader, const char *data, size_t length, bert_error *error)
{
    reader->row.has_items |= length > 0 && !in_key(reader);
    TRY(append(reader, data, length, error));
    if (length > 0)
        replace_line_breaks(reader->row.text.data + reader->row.text.length - length, length);
    return BERT_OK;
}

void rows_end_cell(reader *reader)
{
    table_row *row = &reader->row;
    row->ends[row->cell_count++] = row->text.length;
}

void rows_cell(const reader *reader, size_t number, const char **data, size_t *length)
{
    const table_row *row = &reader->row;
    size_t begin = number > 0 ? row->ends[number - 1] : 0, end = row->ends[number];
    begin += begin > 0 && end > begin; /* skip the line break between two cells */
    *data = end > begin ? row->text.data + begin : "";
    *length = end - begin;
}

bert_status rows_take(reader *reader, bool *found, bert_error *error)
{
    text_clear(&reader->row.text);
    reader->row.begin = 0;
    reader->row.cell_count = 0;
    reader->row.has_values = reader->row.has_items = false;
    return reader->format->row(reader, found, error);
}

static bert_status fetch_row(reader *reader, bool *found, bert_error *error)
{
    *found = true;
    if (reader->row.pending)
        return BERT_OK;
    TRY(rows_take(reader, found, error));
    reader->row.pending = *found;
    return BERT_OK;
}

bert_status rows_line(reader *reader, line *line, bool *found, bert_error *error)
{
    TRY(fetch_row(reader, found, error));
    if (!*found)
        return BERT_OK;
    table_row *row = &reader->row;
    *line = (struct line){
        .data = row->text.length > 0 ? row->text.data + row->begin : "",
        .length = row->text.length - row->begin,
        .offset = row->offset,
    };
    const char *end = memchr(line->data, '\n', line->length);
    if (end)
        line->length = (size_t)(end - line->data);
    row->begin += line->length + (end != NULL);
    row->pending = row->begin < row->text.length;
    if (line->length > 0 && line->data[line->length - 1] == '\r')
        line->length--;
    return BERT_OK;
}

/* Where the text of the current row begins, after the value of the document column. */
static size_t text_start(const reader *reader)
{
    const table_row *row = &reader->row;
    size_t start = reader->options.document_column && row->cell_count > 0 ? row->ends[0] : 0;
    return start + (start > 0 && start < row->text.length); /* the line break between two cells */
}

static bool is_blank(const reader *reader)
{
    const text *text = &reader->row.text;
    for (size_t i = text_start(reader); i < text->length; i++)
        if (!strchr(" \t\r\n", text->data[i]) || text->data[i] == '\0')
            return false;
    return true;
}

/* Peeks at the first row that is not blank; it stays pending. */
static bert_status find_out(reader *reader, bert_error *error)
{
    const bert_reader_options *options = &reader->options;
    bool found;
    reader->row.kind = ROWS_ARE_DOCUMENTS;
    if (options->document_column || options->document_separator == BERT_DOCUMENT_SEPARATOR_LINE ||
        options->document_separator == BERT_DOCUMENT_SEPARATOR_BLANK_LINE)
        return BERT_OK;
    do {
        reader->row.pending = false;
        TRY(fetch_row(reader, &found, error));
    } while (found && is_blank(reader));
    if (!found)
        return BERT_OK;
    TRY(text_append(&reader->row.text, "\n", 1, error)); /* heading detection needs the newline */
    if (reader_wikitext.detect(reader, reader->row.text.data, reader->row.text.length))
        reader->row.kind = ROWS_ARE_WIKITEXT;
    return BERT_OK;
}

static bool row_is_document(const bert_reader_options *options)
{
    return !options->document_column &&
           options->document_separator != BERT_DOCUMENT_SEPARATOR_BLANK_LINE;
}

/* Whether the current row ends the document of the rows before. */
static bool ends_document(const reader *reader)
{
    const text *key = &reader->row.key;
    const char *value;
    size_t length;
    if (!reader->options.document_column)
        return is_blank(reader);
    rows_cell(reader, 0, &value, &length);
    return key->length != length || (length > 0 && memcmp(key->data, value, length) != 0);
}

/* Appends the text of the current row, and remembers the value of its document column. */
static bert_status append_row(reader *reader, document *document, bert_error *error)
{
    table_row *row = &reader->row;
    if (reader->options.document_column) {
        const char *value;
        size_t length;
        rows_cell(reader, 0, &value, &length);
        text_clear(&row->key);
        TRY(text_append(&row->key, value, length, error));
    }
    size_t start = text_start(reader), length = row->text.length - start;
    if (length == 0)
        return BERT_OK;
    if (reader->options.sentence_separator == BERT_SENTENCE_SEPARATOR_ROW)
        replace_line_breaks(row->text.data + start, length);
    return reader_append_paragraphs(reader, document, row->text.data + start, length, row->offset,
                                    error);
}

static bert_status next_document(reader *reader, document *document, bert_error *error)
{
    bool has_values = false, has_items = false;
    for (;;) {
        bool more;
        TRY(fetch_row(reader, &more, error));
        if (!more || (document->length > 0 && ends_document(reader)))
            break;
        if (document->length >= reader->document_limit) {
            reader->cut_documents++;
            break;
        }
        reader->row.pending = false;
        TRY(append_row(reader, document, error));
        has_values |= reader->row.has_values;
        has_items |= reader->row.has_items;
        if (document->length > 0 && row_is_document(&reader->options))
            break;
    }
    if (has_items && !has_values &&
        reader->options.sentence_separator == BERT_SENTENCE_SEPARATOR_AUTO)
        reader->borders = SENTENCES_ARE_LINES;
    return BERT_OK;
}

bert_status rows_next(reader *reader, document *document, bool *found, bert_error *error)
{
    if (reader->row.kind == ROWS_UNKNOWN)
        TRY(find_out(reader, error));
    if (reader->row.kind == ROWS_ARE_WIKITEXT)
        return reader_wikitext.next(reader, document, found, error);
    TRY(next_document(reader, document, error));
    *found = document->length > 0;
    return BERT_OK;
}
