/* write_indexed PREFIX VOCAB_SIZE LAYOUT: writes indexed files from standard input, where a line of
 * ids is a sentence and an empty line ends a document. For tests that read the files with other
 * programs. */
#include "dataset/dataset.h"

#include <stdio.h>
#include <stdlib.h>

static bert_status write_line(dataset_writer *writer, char *line, bert_error *error)
{
    static int32_t ids[1 << 16];
    size_t count = 0;
    char *end = line;
    for (;;) {
        long id = strtol(line, &end, 10);
        if (end == line || count == sizeof ids / sizeof *ids)
            break;
        ids[count++] = (int32_t)id;
        line = end;
    }
    return count ? dataset_writer_sentence(writer, ids, count, error)
                 : dataset_writer_end_document(writer, error);
}

int main(int argument_count, char **arguments)
{
    if (argument_count != 4) {
        fprintf(stderr, "usage: write_indexed PREFIX VOCAB_SIZE LAYOUT < SENTENCES\n");
        return 2;
    }
    bert_error error;
    bert_layout layout;
    dataset_writer *writer = NULL;
    bert_status status = bert_layout_parse(&layout, arguments[3], &error);
    if (status == BERT_OK)
        status =
            dataset_writer_open(&writer, arguments[1], strtoul(arguments[2], NULL, 10), &error);
    if (status == BERT_OK)
        dataset_writer_use_layout(writer, layout);
    char *line = NULL;
    size_t capacity = 0;
    while (status == BERT_OK && getline(&line, &capacity, stdin) >= 0)
        status = write_line(writer, line, &error);
    free(line);
    if (status == BERT_OK)
        status = dataset_writer_commit(writer, &error);
    else
        dataset_writer_discard(writer);
    if (status != BERT_OK)
        fprintf(stderr, "%s\n", error.message);
    return status != BERT_OK;
}
