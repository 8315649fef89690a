#include "corpus_counts.h"

#include "console.h"

#include <string.h>

static void print_count(FILE *file, const char *name, uint64_t count)
{
    char number[32];
    if (count == 0)
        return;
    fprintf(file, "  %s ", console_count(number, count));
    for (; *name; name++)
        putc(*name == '_' ? ' ' : *name, file);
}

static void print_cleaning(FILE *file, const bert_cleaning_counts *counts)
{
    uint64_t dropped = 0;
    for (int i = 0; i < BERT_DROPPED_REASONS; i++)
        dropped += counts->dropped[i];
    if (dropped + counts->repeated_paragraphs + counts->not_remembered == 0)
        return;
    char out[32], in[32];
    fprintf(file, "cleaning    %s of %s documents dropped:", console_count(out, dropped),
            console_count(in, counts->documents));
    for (int i = 0; i < BERT_DROPPED_REASONS; i++)
        print_count(file, bert_dropped_name(i), counts->dropped[i]);
    print_count(file, "repeated_paragraphs", counts->repeated_paragraphs);
    print_count(file, "not_remembered_(--cleaning-memory)", counts->not_remembered);
    putc('\n', file);
}

void corpus_counts_print(FILE *file, const bert_corpus_counts *counts)
{
    print_cleaning(file, &counts->cleaning);
    for (size_t i = 0; i < counts->source_count; i++) {
        const bert_source_counts *source = &counts->sources[i];
        if (!*source->name && counts->source_count == 1)
            continue;
        char taken[32], documents[32];
        fprintf(file, "source      %s: %s taken of %s documents, weight %g\n",
                *source->name ? source->name : "(no name)", console_count(taken, source->taken),
                console_count(documents, source->documents), source->weight);
    }
}

json_t *corpus_counts_json(const bert_corpus_counts *counts)
{
    bert_text text = {0};
    json_t *value = bert_corpus_counts_json(counts, &text, NULL) == BERT_OK
                        ? json_loadb(text.data, text.length, 0, NULL)
                        : NULL;
    bert_text_free(&text);
    return value;
}
