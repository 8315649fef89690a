/* Options of fine-tuning. */
#include "options/rows.h"

#define PARAMS bert_finetune_params
#define TOKENIZER tokenizer_options.
#define WARMUP_RATIO_HELP
#define SEED_HELP "new weights, order and dropout; the first of --seeds"
static const bert_option finetune_params[] = {
    TEXT(task, .value = "NAME|FILE", .group = "Task", .optional = true,
         .help = "task of GLUE: cola, sst2, mrpc, stsb, qqp, mnli, mnli-mm, qnli, rte, wnli; "
                 "or a file of your own, as --train-file"),
    PATH(data, .value = "DIR", .optional = true,
         .help = "folder with the task's files, or with GLUE's folders"),
    PATH(train_file, .value = "FILE", .optional = true,
         .help = "examples of your own: TSV, CSV, JSON lines, Parquet, Arrow"),
    PATH(validation_file, .value = "FILE", .optional = true,
         .default_text = "a share of the training file is held out",
         .help = "examples to measure by"),
    PATH(test_file, .value = "FILE", .optional = true,
         .help = "texts without labels: the best model's answers go to RUN/predictions.tsv"),
    REAL(validation_fraction, .value = "SHARE", BETWEEN(0, 1),
         .help = "share of the training file to hold out"),
    TEXT(text_column, .value = "NAME",
         .help = "column of the texts; a number counts columns from 1, where a file has no "
                 "row of names"),
    TEXT(text_pair_column, .value = "NAME", .optional = true, .default_text = "there is one text",
         .help = "column of the second texts"),
    TEXT(label_column, .value = "NAME", .help = "column of the labels"),
    CHOICE(bert_problem_type, problem_type, .value = "TYPE", .choices = choices_problem_type,
           .help = "what is predicted"),

    MODEL(model, .value = "DIR", .group = "Model", .optional = true,
          .help = "model folder, or a run: its last checkpoint"),
    MODEL(from_scratch, .value = "SIZE|CONFIG", .optional = true,
          .help = "instead: random weights of a model tiny, mini, small, medium, base, large, "
                  "distil or of a config.json"),
    PATH(tokenizer, .value = "PATH", .optional = true,
         .help = "folder of tokenizer files, tokenizer.json or vocab.txt, for "
                 "--from-scratch"),
#include "options/tokenizer.inc"
    FLAG(baseline, .help = "train the same model from scratch, too, and show both"),
    PATH(output, .value = "RUN",
         .help = "the run's directory; must not exist, or be empty. Becomes a Hugging Face "
                 "folder with the best model"),
    FLAG(resume, .help = "continue RUN where it was stopped: finished seeds count"),

    INT(num_train_epochs, .value = "N", FROM_TO(1, 100000), .group = "Training",
        .help = "passes over the examples"),
#define GROUP
#include "options/batch.inc"
#include "options/optimizer.inc"
#undef GROUP
#include "options/schedule.inc"
    REAL(baseline_learning_rate, .value = "RATE", AT_LEAST(0), .default_text = "as --learning-rate",
         .help = "of the model from scratch"),
#include "options/dropout.inc"
    INT(max_seq_length, .value = "N", FROM_TO(3, 65536),
        .help = "tokens in a sequence at most, [CLS] and [SEP] included; longer texts are "
                "cut"),
    TEXT(class_weights, .value = "WEIGHTS", .optional = true, .default_text = "all count alike",
         .help = "balanced, or a number for each class with commas between"),
    INT(early_stopping_patience, .value = "N", FROM_TO(0, INT_MAX), .default_text = "never",
        .help = "end a seed after N epochs without a better score"),
    INT(seeds, .value = "N", FROM_TO(1, 1000),
        .help = "repeat with so many seeds; shows mean and standard deviation"),
#include "options/seed.inc"
#include "options/precision.inc"
    INT64(logging_steps, .value = "N", COUNT_FROM(1),
          .help = "steps between two lines of RUN/metrics.jsonl"),
#include "options/threads.inc"

#define GROUP .group = "Several ranks (mpirun -n N bert finetune ...)",
#include "options/ranks.inc"
#undef GROUP
};
DEFINE_TABLE(bert_finetune_params_table, finetune_params)
