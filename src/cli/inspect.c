/* bert inspect: what a file or folder holds. */
#include "inspect.h"

#include "corpus_counts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A model folder is not a tokenizer, though it holds one; the last one takes whatever the corpus
 * readers take. */
static const inspector *const inspectors[] = {&inspect_model, &inspect_tokenizer, &inspect_data,
                                              &inspect_corpus};

static inspect_settings settings;

static void set_defaults(void)
{
    settings = (inspect_settings){
        .corpus = bert_inspect_corpus_params_default(),
        .model = bert_inspect_model_params_default(),
        .data = bert_inspect_data_params_default(),
    };
}

static const bert_option own_options[] = {JSON_OPTION(inspect_settings, NULL)};

void inspect_print_count(const char *name, uint64_t count)
{
    char buffer[32];
    printf("%-24s%16s\n", name, console_count(buffer, count));
}

bool inspect_one_operand(const arguments *arguments)
{
    if (arguments->operand_count == 1)
        return true;
    console_error("inspect: %s is not text: inspect it alone, without %s", arguments->operands[0],
                  arguments->operands[1]);
    return false;
}

/* Rejects options of samples where there are none; false after an error was printed. */
static bool samples_fit(const arguments *arguments)
{
    for (size_t i = 0; i < arguments->list.common; i++) {
        const option *option = &arguments->list.options[i];
        if (!arguments->given[i] || option->params != &settings.data)
            continue;
        console_error("inspect: --%s says how samples are made, but %s is not data for training",
                      option->name, arguments->operands[0]);
        return false;
    }
    return true;
}

static int run(const arguments *arguments)
{
    if (arguments->operand_count == 0) {
        console_error("inspect: name what to look at: bert inspect PATH...");
        return EXIT_USAGE;
    }
    size_t last = sizeof inspectors / sizeof *inspectors - 1, i = 0;
    while (i < last && !inspectors[i]->detect(arguments->operands[0], &settings))
        i++;
    if (inspectors[i] != &inspect_data && !samples_fit(arguments))
        return EXIT_USAGE;
    return inspectors[i]->run(arguments, &settings);
}

const command command_inspect = {
    .name = "inspect",
    .summary = "what a model, a corpus, a tokenizer or prepared data holds",
    .synopsis = "[OPTIONS] PATH...",
    .description =
        "Tells from the content what a path holds. Of a model folder, a run (its last checkpoint), "
        "a "
        "checkpoint or a file of weights, it prints the configuration, the parameters by part, "
        "types "
        "and shapes of tensors, what is missing for the architecture and what it does not use, the "
        "tokenizer with it, how far the training has come, and whether the files are those of "
        "manifest.json. Of a tokenizer, it prints its size, settings, "
        "special tokens, alphabet and longest tokens. Of prepared data, by its PREFIX, or by "
        "several, a folder or a pattern: documents, "
        "sentences, tokens, their lengths, bytes a token, how much of the text an epoch sees with "
        "each --pairs and --sequences of bert pretrain, and some samples (--top) with their "
        "masks: the first ones that bert pretrain makes with the same options. Of a pre-tokenized "
        "data set, with --tokenizer: the same of its rows. Of a corpus, with --tokenizer: "
        "documents, "
        "lines, words and tokens; how much of it the tokenizer does not know ([UNK]) and why; "
        "characters that no token has; the longest words; lines that are there again and again. "
        "Words are those of the tokenizer, a punctuation mark by itself. Lines are those of plain "
        "text, paragraphs of everything else; they are compared by a 64-bit "
        "hash. " CORPUS_INPUTS_HELP,
    .examples = "bert inspect run\n"
                "bert inspect --json bert-base-uncased/model.safetensors\n"
                "bert inspect tokenizer\n"
                "bert inspect data/corpus\n"
                "bert inspect data/corpus --sequences stream --max-seq-length 512\n"
                "bert inspect --tokenizer bert-base-cased wikiTokenized.hf.zip\n"
                "bert inspect --tokenizer tokenizer corpus/*.txt\n"
                "bert inspect --tokenizer vocab.txt --top 100 --json corpus.jsonl.gz\n",
    .parts = {OWN_PART(own_options, settings),
              TABLE_PART(bert_inspect_model_params, settings.model),
              TABLE_PART(bert_inspect_corpus_params, settings.corpus),
              {.table = bert_inspect_samples_table, .params = &settings.data}},
    .set_defaults = set_defaults,
    .run = run,
};
