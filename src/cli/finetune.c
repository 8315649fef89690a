/* bert finetune: a classifier or a regression on top of a model. */
#include "commands.h"
#include "console.h"
#include "ranks.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    bert_finetune_params params;
    bert_job_params job;
    bool json;
} settings;

static void set_defaults(void)
{
    settings.params = bert_finetune_params_default();
    settings.job = bert_job_params_default();
    settings.json = false;
}

#define PARAMS settings.params
#define TEXT(option_name, member, form, ...)                                                 \
    {                                                                                        \
        .name = option_name, .kind = OPTION_STRING, .target = &PARAMS.member, .value = form, \
        __VA_ARGS__                                                                          \
    }
#define NUMBER(option_name, member, ...)                                                         \
    {                                                                                            \
        .name = option_name, .kind = OPTION_NUMBER, .target = &PARAMS.member, .value = "NUMBER", \
        __VA_ARGS__                                                                              \
    }
#define WHOLE(option_name, member, ...)                                                  \
    {                                                                                    \
        .name = option_name, .kind = OPTION_INT, .target = &PARAMS.member, .value = "N", \
        __VA_ARGS__                                                                      \
    }
#define HEADING(text)                        \
    {                                        \
        .kind = OPTION_HEADING, .help = text \
    }

static const option options[] = {
    HEADING("What is learned"),
    TEXT("task", task, "NAME|FILE",
         .help = "task of GLUE: cola, sst2, mrpc, stsb, qqp, mnli, mnli-mm, qnli, rte, wnli; or a "
                 "file of your own, as --train-file"),
    TEXT("data", data, "DIR", .help = "folder with the task's files, or with GLUE's folders"),
    TEXT("train-file", train_file, "FILE",
         .help = "examples of your own: TSV, CSV, JSON lines, Parquet, Arrow"),
    TEXT("validation-file", validation_file, "FILE",
         .default_text = "a share of the training file is held out",
         .help = "examples to measure by"),
    TEXT("test-file", test_file, "FILE",
         .help = "texts without labels: the best model's answers go to RUN/predictions.tsv"),
    NUMBER("validation-fraction", validation_fraction, .help = "share that is held out"),
    TEXT("text-column", text_column, "NAME",
         .help = "column of the texts; a number counts columns from 1, where a file has no row of "
                 "names"),
    TEXT("text-pair-column", text_pair_column, "NAME", .default_text = "there is one text",
         .help = "column of the second texts"),
    TEXT("label-column", label_column, "NAME", .help = "column of the labels"),
    TEXT("problem-type", problem_type, "TYPE",
         .help = "single_label_classification, or regression where labels are numbers to come near "
                 "to"),
    HEADING("What learns"),
    TEXT("model", model, "DIR", .help = "model folder, or a run: its last checkpoint"),
    TEXT("from-scratch", from_scratch, "SIZE|CONFIG",
         .help = "instead: a fresh model, tiny, mini, small, medium, base, large, distil or a "
                 "config.json"),
    TEXT("tokenizer", tokenizer, "DIR|VOCAB", .help = "tokenizer for --from-scratch"),
    {.name = "baseline",
     .kind = OPTION_FLAG,
     .target = &PARAMS.baseline,
     .help = "train the same model from scratch, too, and show both"},
    TEXT("output", output, "RUN",
         .help = "new folder: becomes a Hugging Face folder with the best model"),
    {.name = "resume",
     .kind = OPTION_FLAG,
     .target = &PARAMS.resume,
     .help = "go on with RUN where it was stopped: finished seeds count"},
    HEADING("How"),
    WHOLE("num-train-epochs", num_train_epochs, .help = "passes over the examples"),
    WHOLE("per-device-train-batch-size", per_device_train_batch_size,
          .help = "examples that a rank brings to a step at once"),
    WHOLE("gradient-accumulation-steps", gradient_accumulation_steps,
          .help = "such batches in a step"),
    NUMBER("learning-rate", learning_rate, .help = "highest learning rate"),
    NUMBER("baseline-learning-rate", baseline_learning_rate, .default_text = "as --learning-rate",
           .help = "of the model from scratch"),
    TEXT("lr-scheduler-type", lr_scheduler_type, "NAME",
         .help =
             "linear, cosine, cosine_with_restarts, polynomial, constant, constant_with_warmup, "
             "inverse_sqrt or one_cycle"),
    NUMBER("lr-end", lr_end, .help = "of polynomial: the rate at the end"),
    NUMBER("lr-power", lr_power, .help = "of polynomial: the exponent; 1 falls in a straight line"),
    {.name = "lr-num-cycles",
     .kind = OPTION_INT64,
     .target = &PARAMS.lr_num_cycles,
     .value = "N",
     .help = "of cosine_with_restarts: how often it falls"},
    NUMBER("pct-start", pct_start,
           .help = "of one_cycle: share of the steps in which the rate rises"),
    NUMBER("div-factor", div_factor,
           .help = "of one_cycle: the first rate is the highest divided by it"),
    NUMBER("final-div-factor", final_div_factor,
           .help = "of one_cycle: the last rate is the first divided by it"),
    NUMBER("warmup-ratio", warmup_ratio, .help = "share of the steps in which the rate rises"),
    TEXT("optim", optim, "NAME",
         .help = "adamw (decoupled weight decay), adam (decay in the gradient), or lamb (for "
                 "batches of thousands: every tensor moves in proportion to its length)"),
    NUMBER("weight-decay", weight_decay, .help = "not for biases and LayerNorm"),
    NUMBER("adam-beta1", adam_beta1, .help = "decay of the first moment"),
    NUMBER("adam-beta2", adam_beta2, .help = "decay of the second moment"),
    NUMBER("adam-epsilon", adam_epsilon, .help = "added to the denominator"),
    NUMBER("max-grad-norm", max_grad_norm, .help = "gradients are clipped to it; 0: never"),
    NUMBER("hidden-dropout-prob", hidden_dropout_prob, .default_text = "as configured",
           .help = "dropout of hidden states"),
    NUMBER("attention-probs-dropout-prob", attention_probs_dropout_prob,
           .default_text = "as configured", .help = "dropout of attention"),
    WHOLE("max-seq-length", max_seq_length,
          .help = "tokens at most, special ones included; longer texts are cut"),
    TEXT("class-weights", class_weights, "WEIGHTS", .default_text = "all count alike",
         .help = "balanced, or a number for each class with commas between"),
    WHOLE("early-stopping-patience", early_stopping_patience, .default_text = "never",
          .help = "end a seed after N epochs without a better score"),
    WHOLE("seeds", seeds, .help = "repeat with so many seeds; shows mean and standard deviation"),
    {.name = "seed",
     .kind = OPTION_UINT64,
     .target = &PARAMS.seed,
     .value = "N",
     .help = "the first seed: of new weights, order and dropout"},
    TEXT("precision", precision, "TYPE", .help = "of matrix products: float32 or bf16"),
    {.name = "gradient-checkpointing",
     .kind = OPTION_FLAG,
     .target = &PARAMS.gradient_checkpointing,
     .help = "compute the activations of each layer again in the backward pass: less memory, more "
             "time, the same result"},
    WHOLE("micro-batch-tokens", micro_batch_tokens,
          .default_text = "chosen from the model and the precision",
          .help = "tokens computed at once; memory grows with them"),
    {.name = "logging-steps",
     .kind = OPTION_INT64,
     .target = &PARAMS.logging_steps,
     .value = "N",
     .help = "steps between two lines of metrics.jsonl"},
    WHOLE("threads", threads, .default_text = "all cores", .help = "threads to compute with"),
    HEADING("Several ranks (mpirun -n N bert finetune ...)"),
    {.name = "zero",
     .kind = OPTION_INT,
     .target = &PARAMS.zero,
     .value = "STAGE",
     .minimum = 0,
     .maximum = 1,
     .help = "1: ZeRO stage 1, each rank keeps and updates its share of the optimizer's state"},
    TEXT("gradient-dtype", gradient_dtype, "NAME",
         .help = "float32, or bf16: gradients travel between ranks rounded to bfloat16, half the "
                 "bytes"),
    {.name = "rank-timeout",
     .kind = OPTION_NUMBER,
     .target = &settings.job.rank_timeout,
     .value = "SECONDS",
     AT_LEAST(1),
     .help = "a rank that gives no sign of life for so long ends the job"},
    HEADING("Result"),
    {.name = "json",
     .kind = OPTION_FLAG,
     .target = &settings.json,
     .help = "print the result as one JSON object"},
};

static json_t *json_scores(const bert_score_set *set)
{
    json_t *object = json_object();
    for (int i = 0; i < set->score_count; i++)
        json_object_set_new(
            object, set->scores[i].name,
            json_pack("{s:o, s:o}", "mean", console_json_number(set->scores[i].mean),
                      "standard_deviation", console_json_number(set->scores[i].deviation)));
    return object;
}

static int print_json(const bert_finetune_result *result)
{
    return console_json(json_pack(
        "{s:b, s:i, s:I, s:i, s:o, s:o, s:o}", "finished", result->finished, "seeds", result->seeds,
        "best_seed", (json_int_t)result->best_seed, "best_epoch", result->best_epoch,
        settings.params.model ? "model" : "scratch", json_scores(&result->model), "baseline",
        json_scores(&result->baseline), "constant", json_scores(&result->constant)));
}

static void print_score(const bert_score_set *set, int number)
{
    if (number >= set->score_count)
        return;
    const bert_score *score = &set->scores[number];
    char text[64] = "   n/a"; /* not defined, as a correlation with what does not vary */
    if (!isnan(score->mean))
        snprintf(text, sizeof text, "%6.2f", 100 * score->mean);
    if (!isnan(score->deviation))
        snprintf(text + strlen(text), sizeof text - strlen(text), " ± %.2f",
                 100 * score->deviation);
    printf("  %-*s", isnan(score->deviation) ? 15 : 16, text); /* "±" is two bytes */
}

static void print_readable(const bert_finetune_result *result)
{
    printf("%-32s%-16s", result->seeds > 1 ? "mean ± standard deviation, ×100" : "×100",
           settings.params.model ? "  model" : "  from scratch");
    printf("%s  constant answer\n", settings.params.baseline ? "  from scratch   " : "");
    for (int i = 0; i < result->model.score_count; i++) {
        printf("%-30s", result->model.scores[i].name);
        print_score(&result->model, i);
        print_score(&result->baseline, i);
        print_score(&result->constant, i);
        putchar('\n');
    }
    printf("the best: seed %llu, epoch %d; in %s\n", (unsigned long long)result->best_seed,
           result->best_epoch, settings.params.output);
}

static bert_status train(void *context, bert_job *job, const bert_observer *observer,
                         bert_error *error)
{
    settings.params.job = job;
    return bert_finetune(&settings.params, context, observer, error);
}

static int show_result(void *context)
{
    const bert_finetune_result *result = context;
    int signal = result->finished ? 0 : console_signal();
    if (!result->finished && !signal)
        signal = SIGTERM; /* another rank had it */
    if (settings.json)
        print_json(result);
    else if (result->seeds > 0)
        print_readable(result);
    return signal ? 128 + signal : EXIT_SUCCESS;
}

static int run(const arguments *arguments)
{
    if (arguments->operand_count > 0) {
        console_error("finetune: takes options only, not %s", arguments->operands[0]);
        return EXIT_USAGE;
    }
    bert_finetune_result result;
    return ranks_run(&settings.job,
                     &(rank_command){.work = train, .show = show_result, .context = &result});
}

const command command_finetune = {
    .name = "finetune",
    .summary = "train a classifier or a regression on top of a model",
    .synopsis = "--task NAME --data DIR --model DIR --output RUN [OPTIONS]\n"
                "--task FILE --model DIR --output RUN [OPTIONS]",
    .description =
        "Trains a model to answer with a label, or a number, for a text or two: a task of GLUE "
        "from "
        "its files as they are published, or files of your own. After each epoch it is measured on "
        "the validation file; of all epochs and seeds the best one's weights are kept, in a folder "
        "that bert predict and Hugging Face's AutoModelForSequenceClassification open.\n\n"
        "The scores are GLUE's: Matthews' correlation for cola, accuracy and F1 for mrpc and qqp, "
        "Pearson's and Spearman's correlation for stsb, accuracy for the others (mnli: of the "
        "matched and the mismatched file). Of files of your own: accuracy, Matthews' correlation "
        "and, of two classes, F1 of the second one; of a regression the correlations. Beside them "
        "stands what an answer that never changes would score.\n\n"
        "RUN also holds metrics.jsonl, results.json with the scores of every seed, and, where "
        "there "
        "is a test file, the best model's answers as GLUE's server takes them (CoLA.tsv).\n\n"
        "mpirun -n N bert finetune ... trains one model on N ranks: a step has N times as many "
        "examples, the ranks share those to measure by, rank 0 writes and reports.",
    .examples = "bert finetune --task cola --data glue --model run --output cola --seeds 5\n"
                "bert finetune --task reviews.csv --model run --output reviews\n"
                "bert predict --model cola \"They drank the pub.\"\n",
    .options = options,
    .option_count = OPTION_COUNT(options),
    .set_defaults = set_defaults,
    .run = run,
};
