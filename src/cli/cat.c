/* bert cat: what the readers find in files, as plain text. */
#include "commands.h"
#include "console.h"
#include "corpus_counts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bert_reader_options reader_options;

static void set_defaults(void)
{
    reader_options = bert_reader_options_default();
}

typedef struct output {
    bool any; /* a document came before: a blank line is due */
} output;

static bert_status print_document(void *context, const char *text, size_t length, bert_error *error)
{
    output *output = context;
    if (output->any)
        putchar('\n');
    output->any = true;
    fwrite(text, 1, length, stdout);
    if (length > 0 && text[length - 1] != '\n')
        putchar('\n');
    if (console_output_alive())
        return BERT_OK;
    snprintf(error->message, sizeof error->message, "standard output: cannot write");
    return error->status = BERT_ERROR_IO;
}

static int run(const arguments *arguments)
{
    if (arguments->operand_count == 0) {
        console_error("cat: name the files to read: bert cat FILE...");
        return EXIT_USAGE;
    }
    output output = {0};
    bert_observer observer = console_observer;
    observer.progress = NULL; /* the documents themselves are on the screen */
    bert_error error = {0};
    bert_corpus_counts counts;
    bert_status status =
        bert_read_documents((const char *const *)arguments->operands, arguments->operand_count,
                            &reader_options, print_document, &output, &counts, &observer, &error);
    if (status != BERT_OK && console_output_alive()) /* else console_finish says it */
        return console_failure(&error);
    if (status == BERT_OK)
        corpus_counts_print(stderr, &counts);
    return EXIT_SUCCESS;
}

const command command_cat = {
    .name = "cat",
    .summary = "print the documents found in files",
    .synopsis = "[OPTIONS] FILE...",
    .description =
        "Prints the documents that the readers find in the files, as plain text with a blank line "
        "between two: what bert prepare would take in, before sentences are "
        "split.\n\n" CORPUS_INPUTS_HELP,
    .examples = "bert cat corpus.txt.gz | less\n"
                "bert cat --text-field body news.jsonl\n"
                "bert cat --text-field 'data.*.text' export.json\n"
                "bert cat --min-words 50 --drop-duplicates dump.xml.bz2 > wiki.txt\n"
                "bert cat --text-field sentence1,sentence2 STS-B/train.tsv\n",
    .parts = {TABLE_PART(bert_reader_options, reader_options)},
    .set_defaults = set_defaults,
    .run = run,
};
