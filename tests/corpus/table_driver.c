/* Reads tables for test_against_csv.py. Each line of the standard input is a file and a column,
 * with a tab between them. For each, the answer is a line: the cells of the column as a JSON array,
 * or the error as a JSON string. */
#include "base/text.h"
#include "bert.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static bert_status read_cells(json_t *cells, const char *path, const char *column,
                              bert_error *error)
{
    bert_table *table;
    TRY(bert_table_open(&table, path, &column, 1, NULL, error));
    bert_status status;
    bert_cell cell;
    bool found;
    while ((status = bert_table_next(table, &cell, &found, error)) == BERT_OK && found)
        json_array_append_new(cells, json_stringn(cell.data, cell.length));
    bert_table_close(table);
    return status;
}

int main(void)
{
    char line[4096];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        char *column = strchr(line, '\t');
        if (!column)
            return 2;
        *column++ = '\0';
        bert_error error;
        json_t *answer = json_array();
        if (read_cells(answer, line, column, &error) != BERT_OK) {
            json_decref(answer);
            answer = json_string(error.message);
        }
        json_dumpf(answer, stdout, JSON_ENCODE_ANY);
        putchar('\n');
        json_decref(answer);
    }
    return 0;
}
