#include "corpus/rows.h"

#include <string.h>

bert_status rows_append_cell(reader *reader, const char *data, size_t length, bert_error *error)
{
    if (length > 0 && reader->row.text.length > 0)
        TRY(text_append(&reader->row.text, "\n", 1, error));
    return text_append(&reader->row.text, data, length, error);
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

static bool is_blank(const text *text)
{
    for (size_t i = 0; i < text->length; i++)
        if (!strchr(" \t\r\n", text->data[i]) || text->data[i] == '\0')
            return false;
    return true;
}

/* Peeks at the first row that is not blank; it stays pending. */
static bert_status find_out(reader *reader, bert_error *error)
{
    bool found;
    do {
        reader->row.pending = false;
        TRY(fetch_row(reader, &found, error));
    } while (found && is_blank(&reader->row.text));
    reader->row.kind = ROWS_ARE_DOCUMENTS;
    if (!found)
        return BERT_OK;
    TRY(text_append(&reader->row.text, "\n", 1, error)); /* heading detection needs the newline */
    if (reader_wikitext.detect(reader, reader->row.text.data, reader->row.text.length))
        reader->row.kind = ROWS_ARE_WIKITEXT;
    return BERT_OK;
}

bert_status rows_next(reader *reader, document *document, bool *found, bert_error *error)
{
    if (reader->row.kind == ROWS_UNKNOWN)
        TRY(find_out(reader, error));
    if (reader->row.kind == ROWS_ARE_WIKITEXT)
        return reader_wikitext.next(reader, document, found, error);
    for (*found = false; document->length == 0;) {
        bool more;
        TRY(fetch_row(reader, &more, error));
        if (!more)
            return BERT_OK;
        reader->row.pending = false;
        TRY(reader_append_paragraphs(reader, document, reader->row.text.data,
                                     reader->row.text.length, reader->row.offset, error));
    }
    *found = true;
    return BERT_OK;
}
