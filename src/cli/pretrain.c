/* bert pretrain: prepared data in, checkpoints out; or a run continued. */
#include "commands.h"
#include "console.h"
#include "ranks.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    bert_pretrain_params params;
    bert_job_params job;
    const char *resume;
    bool json;
} settings;

static void set_defaults(void)
{
    memset(&settings, 0, sizeof settings);
    settings.params = bert_pretrain_params_default();
    settings.job = bert_job_params_default();
}

static const option options[] = {
    {.kind = OPTION_HEADING, .help = "What goes in and out"},
    {.name = "data",
     .kind = OPTION_LIST,
     .target = &settings.params.data,
     .value = "DATA",
     .help =
         "PREFIX of data that bert prepare wrote, a folder or a quoted pattern of several; may be "
         "given several times, and end in :WEIGHT, how often each document comes in an epoch "
         "(wiki:0.1, books:2.5). Or a folder of ready-made ids that Hugging "
         "Face's save_to_disk wrote, with input_ids and, for pairs, token_type_ids and "
         "next_sentence_label; masks are drawn here"},
    {.name = "tokenizer",
     .kind = OPTION_STRING,
     .target = &settings.params.tokenizer,
     .value = "PATH",
     .default_text = "PREFIX.tokenizer",
     .help = "folder of tokenizer files, tokenizer.json or vocab.txt; needed for ready-made ids"},
    {.name = "model",
     .kind = OPTION_STRING,
     .target = &settings.params.model,
     .value = "MODEL",
     .help = "tiny, mini, small, medium, base, large or distil, or a config.json: start from "
             "nothing; or "
             "a model folder, a published one too, or the PREFIX of a TensorFlow checkpoint: start "
             "from its weights"},
    {.name = "output",
     .kind = OPTION_STRING,
     .target = &settings.params.output,
     .value = "RUN",
     .help = "the run's directory; must not exist, or be empty"},
    {.name = "resume",
     .kind = OPTION_STRING,
     .target = &settings.resume,
     .value = "RUN",
     .help = "continue a run from its last checkpoint, with its own settings, as if it had never "
             "stopped; --threads, --stop-after-steps, --zero, --micro-batch-tokens, --rank-timeout "
             "and --json go with it"},
    {.name = "json",
     .kind = OPTION_FLAG,
     .target = &settings.json,
     .help = "print the result as one JSON object"},

    {.kind = OPTION_HEADING, .help = "Batch and objective"},
    {.name = "per-device-train-batch-size",
     .kind = OPTION_INT,
     .target = &settings.params.per_device_train_batch_size,
     .value = "N",
     AT_LEAST(1),
     .help = "sequences computed at once"},
    {.name = "gradient-accumulation-steps",
     .kind = OPTION_INT,
     .target = &settings.params.gradient_accumulation_steps,
     .value = "N",
     AT_LEAST(1),
     .help = "such batches in a step"},
    {.name = "batch-size-ramp",
     .kind = OPTION_STRING,
     .target = &settings.params.batch_size_ramp,
     .value = "N:SHARE,...",
     .default_text = "one size throughout",
     .help = "sequences in a step, on all ranks together, that follow each other with their shares "
             "of the steps, as 256:0.1,4096:0.9; computed in as many batches as that takes"},
    {.name = "micro-batch-tokens",
     .kind = OPTION_INT,
     .target = &settings.params.micro_batch_tokens,
     .value = "N",
     AT_LEAST(0),
     .default_text = "chosen from the model and the precision",
     .help = "tokens computed at once at most, within a batch: fewer take less memory"},
    {.name = "gradient-checkpointing",
     .kind = OPTION_FLAG,
     .target = &settings.params.gradient_checkpointing,
     .help = "compute the activations of each layer again in the backward pass: less memory, more "
             "time, the same result"},
    {.name = "max-seq-length",
     .kind = OPTION_INT,
     .target = &settings.params.max_seq_length,
     .value = "N",
     AT_LEAST(1),
     .help = "tokens in a sequence at most, [CLS] and [SEP] included"},
    {.name = "short-seq-probability",
     .kind = OPTION_NUMBER,
     .target = &settings.params.short_seq_probability,
     .value = "P",
     .minimum = 0,
     .maximum = 1,
     .help = "share of the sequences that get a random shorter length"},
    {.name = "mlm-probability",
     .kind = OPTION_NUMBER,
     .target = &settings.params.mlm_probability,
     .value = "P",
     .minimum = 0,
     .maximum = 1,
     .help = "share of the tokens to predict"},
    {.name = "next-sentence-prediction",
     .kind = OPTION_FLAG,
     .target = &settings.params.next_sentence_prediction,
     .help = "train with masked tokens alone"},
    {.name = "pairs",
     .kind = OPTION_STRING,
     .target = &settings.params.pairs,
     .value = "NAME",
     .help = "what the two parts of a pair are: segment (several sentences, as in BERT's paper) or "
             "sentence (one each)"},
    {.name = "sequences",
     .kind = OPTION_STRING,
     .target = &settings.params.sequences,
     .value = "NAME",
     .help = "with --no-next-sentence-prediction: sentences (whole ones of a document that fit), "
             "chunks (full lengths of a document), stream (full lengths over the borders of "
             "documents) or documents (the beginning of each)"},
    {.name = "mask-unit",
     .kind = OPTION_STRING,
     .target = &settings.params.mask_unit,
     .value = "NAME",
     .help = "what is predicted together: token, word (all its pieces) or span (up to ten words, "
             "as SpanBERT)"},
    {.name = "masks",
     .kind = OPTION_STRING,
     .target = &settings.params.masks,
     .value = "NAME",
     .help = "dynamic (samples and masks are drawn anew in every epoch) or static (those of the "
             "first epoch in all)"},
    {.name = "sequence-schedule",
     .kind = OPTION_STRING,
     .target = &settings.params.sequence_schedule,
     .value = "LENGTH:SHARE,...",
     .default_text = "--max-seq-length throughout",
     .help = "lengths of sequences that follow each other, with their shares of the steps, as "
             "128:0.9,512:0.1"},
    {.name = "hidden-dropout-prob",
     .kind = OPTION_NUMBER,
     .target = &settings.params.hidden_dropout_prob,
     .value = "P",
     .minimum = 0,
     .maximum = 1,
     .default_text = "as the model's configuration says",
     .help = "dropout of hidden states"},
    {.name = "attention-probs-dropout-prob",
     .kind = OPTION_NUMBER,
     .target = &settings.params.attention_probs_dropout_prob,
     .value = "P",
     .minimum = 0,
     .maximum = 1,
     .default_text = "as the model's configuration says",
     .help = "dropout of attention probabilities"},

    {.kind = OPTION_HEADING, .help = "Distillation from a teacher"},
    {.name = "teacher",
     .kind = OPTION_STRING,
     .target = &settings.params.teacher,
     .value = "FOLDER",
     .default_text = "none",
     .help = "learn from this model, too, which has an MLM head and the same vocabulary and hidden "
             "size; a model that starts from nothing takes over layers of it"},
    {.name = "distill-temperature",
     .kind = OPTION_NUMBER,
     .target = &settings.params.distill_temperature,
     .value = "T",
     AT_LEAST(0),
     .help = "of both predictions where they are compared"},
    {.name = "distill-alpha-ce",
     .kind = OPTION_NUMBER,
     .target = &settings.params.distill_alpha_ce,
     .value = "WEIGHT",
     AT_LEAST(0),
     .help = "weight of the teacher's predictions in the loss"},
    {.name = "distill-alpha-mlm",
     .kind = OPTION_NUMBER,
     .target = &settings.params.distill_alpha_mlm,
     .value = "WEIGHT",
     AT_LEAST(0),
     .help = "weight of the masked tokens"},
    {.name = "distill-alpha-cos",
     .kind = OPTION_NUMBER,
     .target = &settings.params.distill_alpha_cos,
     .value = "WEIGHT",
     AT_LEAST(0),
     .help = "weight of the cosine between hidden states"},

    {.kind = OPTION_HEADING, .help = "Optimizer"},
    {.name = "optim",
     .kind = OPTION_STRING,
     .target = &settings.params.optim,
     .value = "NAME",
     .help =
         "adamw (decoupled weight decay), adam (decay in the gradient), or lamb (for batches of "
         "thousands: every tensor moves in proportion to its length)"},
    {.name = "learning-rate",
     .kind = OPTION_NUMBER,
     .target = &settings.params.learning_rate,
     .value = "RATE",
     AT_LEAST(0),
     .help = "the highest of the schedule"},
    {.name = "learning-rate-scaling",
     .kind = OPTION_STRING,
     .target = &settings.params.learning_rate_scaling,
     .value = "NAME",
     .help = "what the size of a step makes of the learning rate: none, or sqrt or linear in its "
             "quotient with --base-batch-size"},
    {.name = "base-batch-size",
     .kind = OPTION_INT64,
     .target = &settings.params.base_batch_size,
     .value = "N",
     AT_LEAST(0),
     .default_text = "",
     .help = "sequences in a step that the learning rate is given for"},
    {.name = "lr-scheduler-type",
     .kind = OPTION_STRING,
     .target = &settings.params.lr_scheduler_type,
     .value = "NAME",
     .help = "linear, cosine, cosine_with_restarts, polynomial, constant, constant_with_warmup, "
             "inverse_sqrt or one_cycle"},
    {.name = "lr-end",
     .kind = OPTION_NUMBER,
     .target = &settings.params.lr_end,
     .value = "RATE",
     AT_LEAST(0),
     .help = "of polynomial: the rate at the end"},
    {.name = "lr-power",
     .kind = OPTION_NUMBER,
     .target = &settings.params.lr_power,
     .value = "POWER",
     AT_LEAST(0),
     .help = "of polynomial: the exponent; 1 falls in a straight line"},
    {.name = "lr-num-cycles",
     .kind = OPTION_INT64,
     .target = &settings.params.lr_num_cycles,
     .value = "N",
     AT_LEAST(1),
     .help = "of cosine_with_restarts: how often it falls"},
    {.name = "pct-start",
     .kind = OPTION_NUMBER,
     .target = &settings.params.pct_start,
     .value = "SHARE",
     .minimum = 0,
     .maximum = 1,
     .help = "of one_cycle: share of the steps in which the rate rises"},
    {.name = "div-factor",
     .kind = OPTION_NUMBER,
     .target = &settings.params.div_factor,
     .value = "N",
     AT_LEAST(1),
     .help = "of one_cycle: the first rate is the highest divided by it"},
    {.name = "final-div-factor",
     .kind = OPTION_NUMBER,
     .target = &settings.params.final_div_factor,
     .value = "N",
     AT_LEAST(1),
     .help = "of one_cycle: the last rate is the first divided by it"},
    {.name = "warmup-steps",
     .kind = OPTION_INT64,
     .target = &settings.params.warmup_steps,
     .value = "N",
     AT_LEAST(0),
     .help = "steps in which the learning rate rises"},
    {.name = "warmup-ratio",
     .kind = OPTION_NUMBER,
     .target = &settings.params.warmup_ratio,
     .value = "SHARE",
     .minimum = 0,
     .maximum = 1,
     .help = "the same as a share of the whole length, where --warmup-steps is 0"},
    {.name = "weight-decay",
     .kind = OPTION_NUMBER,
     .target = &settings.params.weight_decay,
     .value = "RATE",
     AT_LEAST(0),
     .help = "not for biases and LayerNorm"},
    {.name = "adam-beta1",
     .kind = OPTION_NUMBER,
     .target = &settings.params.adam_beta1,
     .value = "BETA",
     .minimum = 0,
     .maximum = 1,
     .help = "decay of the mean of gradients"},
    {.name = "adam-beta2",
     .kind = OPTION_NUMBER,
     .target = &settings.params.adam_beta2,
     .value = "BETA",
     .minimum = 0,
     .maximum = 1,
     .help = "decay of the mean of their squares"},
    {.name = "adam-epsilon",
     .kind = OPTION_NUMBER,
     .target = &settings.params.adam_epsilon,
     .value = "NUMBER",
     AT_LEAST(0),
     .help = "keeps the divisor from zero"},
    {.name = "max-grad-norm",
     .kind = OPTION_NUMBER,
     .target = &settings.params.max_grad_norm,
     .value = "NORM",
     AT_LEAST(0),
     .help = "scale longer gradients down to it; 0: never"},

    {.kind = OPTION_HEADING, .help = "Length and rhythm"},
    {.name = "max-steps",
     .kind = OPTION_INT64,
     .target = &settings.params.max_steps,
     .value = "N",
     AT_LEAST(0),
     .default_text = "",
     .help = "length in steps; 0: in epochs"},
    {.name = "num-train-epochs",
     .kind = OPTION_NUMBER,
     .target = &settings.params.num_train_epochs,
     .value = "N",
     AT_LEAST(0),
     .help = "length in passes over the data, where --max-steps is 0"},
    {.name = "logging-steps",
     .kind = OPTION_INT64,
     .target = &settings.params.logging_steps,
     .value = "N",
     AT_LEAST(1),
     .help = "steps between two lines of RUN/metrics.jsonl"},
    {.name = "eval-steps",
     .kind = OPTION_INT64,
     .target = &settings.params.eval_steps,
     .value = "N",
     AT_LEAST(0),
     .default_text = "at the end",
     .help = "steps between two evaluations on the validation split"},
    {.name = "eval-epochs",
     .kind = OPTION_NUMBER,
     .target = &settings.params.eval_epochs,
     .value = "N",
     AT_LEAST(0),
     .default_text = "",
     .help = "the same in epochs"},
    {.name = "eval-samples",
     .kind = OPTION_INT64,
     .target = &settings.params.eval_samples,
     .value = "N",
     AT_LEAST(0),
     .default_text = "the whole split",
     .help = "sequences in an evaluation"},
    {.name = "save-steps",
     .kind = OPTION_INT64,
     .target = &settings.params.save_steps,
     .value = "N",
     AT_LEAST(0),
     .default_text = "at the end",
     .help = "steps between two checkpoints"},
    {.name = "save-epochs",
     .kind = OPTION_NUMBER,
     .target = &settings.params.save_epochs,
     .value = "N",
     AT_LEAST(0),
     .default_text = "",
     .help = "the same in epochs"},
    {.name = "save-total-limit",
     .kind = OPTION_INT,
     .target = &settings.params.save_total_limit,
     .value = "N",
     AT_LEAST(0),
     .default_text = "all",
     .help = "checkpoints to keep, the last ones and the best one"},
    {.name = "stop-after-steps",
     .kind = OPTION_INT64,
     .target = &settings.params.stop_after_steps,
     .value = "N",
     AT_LEAST(0),
     .default_text = "",
     .help = "save and stop after N steps of this call; --resume goes on"},

    {.kind = OPTION_HEADING, .help = "Several ranks (mpirun -n N bert pretrain ...)"},
    {.name = "zero",
     .kind = OPTION_INT,
     .target = &settings.params.zero,
     .value = "STAGE",
     .minimum = 0,
     .maximum = 1,
     .help = "1: ZeRO stage 1, each rank keeps and updates its share of the optimizer's state"},
    {.name = "gradient-dtype",
     .kind = OPTION_STRING,
     .target = &settings.params.gradient_dtype,
     .value = "NAME",
     .help =
         "float32, or bf16: gradients travel between ranks rounded to bfloat16, half the bytes"},
    {.name = "rank-timeout",
     .kind = OPTION_NUMBER,
     .target = &settings.job.rank_timeout,
     .value = "SECONDS",
     AT_LEAST(1),
     .help = "a rank that gives no sign of life for so long ends the job"},

    {.kind = OPTION_HEADING, .help = "Repeatability and speed"},
    {.name = "seed",
     .kind = OPTION_UINT64,
     .target = &settings.params.seed,
     .value = "N",
     .help = "of weights, order, pairs, masks and dropout"},
    {.name = "precision",
     .kind = OPTION_STRING,
     .target = &settings.params.precision,
     .value = "NAME",
     .help = "float32, or bf16: operands of matrix products rounded to bfloat16, all else float32; "
             "some two times as fast on processors with AMX or AVX512-BF16, not faster on others"},
    {.name = "threads",
     .kind = OPTION_INT,
     .target = &settings.params.threads,
     .value = "N",
     AT_LEAST(0),
     .default_text = "all cores",
     .help = "threads to compute with"},
};

/* The options that a run is started with: with --resume they stand in its run.json, without it
 * three of them are needed. */
static bool options_fit(const arguments *arguments)
{
    if (arguments->operand_count > 0) {
        console_error("pretrain: takes options only, not %s", arguments->operands[0]);
        return false;
    }
    if (!settings.resume) {
        const char *const needed[] = {"data", "model", "output"};
        for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
            if (!arguments_given(arguments, needed[i])) {
                console_error("pretrain: --%s is needed, or --resume RUN (see bert help pretrain)",
                              needed[i]);
                return false;
            }
        return true;
    }
    const char *const allowed[] = {"resume",      "threads", "stop-after-steps",
                                   "json",        "zero",    "micro-batch-tokens",
                                   "rank-timeout"};
    for (size_t i = 0; i < OPTION_COUNT(options); i++) {
        bool fits = !arguments->given[i];
        for (size_t j = 0; !fits && j < sizeof allowed / sizeof allowed[0]; j++)
            fits = strcmp(options[i].name, allowed[j]) == 0;
        if (!fits) {
            console_error("pretrain: --%s does not go with --resume: the run keeps its settings",
                          options[i].name);
            return false;
        }
    }
    return true;
}

/* What a call brings, and what comes of it. */
typedef struct call {
    const arguments *arguments;
    bert_pretrain_result result;
} call;

static int show_result(void *context)
{
    const bert_pretrain_result *result = &((const call *)context)->result;
    const char *run = settings.resume ? settings.resume : settings.params.output;
    int signal = result->finished ? 0 : console_signal();
    if (!result->finished && !signal && settings.params.stop_after_steps == 0)
        signal = SIGTERM; /* another rank had it */
    if (settings.json) {
        int code = console_json(json_pack(
            "{s:o, s:I, s:b, s:o, s:o, s:o}", "output", console_json_text(run, strlen(run)),
            "steps", (json_int_t)result->steps, "finished", (int)result->finished, "train_loss",
            console_json_number(result->train_loss), "eval_loss",
            console_json_number(result->eval_loss), "checkpoint",
            console_json_text(result->checkpoint, strlen(result->checkpoint))));
        return signal ? 128 + signal : code;
    }
    printf("%s: %lld steps, training loss %.4f", result->checkpoint, (long long)result->steps,
           result->train_loss);
    if (isfinite(result->eval_loss))
        printf(", validation loss %.4f", result->eval_loss);
    putchar('\n');
    return signal ? 128 + signal : EXIT_SUCCESS;
}

static bert_status train(void *context, bert_job *job, const bert_observer *observer,
                         bert_error *error)
{
    call *call = context;
    settings.params.job = job;
    if (!settings.resume)
        return bert_pretrain(&settings.params, &call->result, observer, error);
    bert_resume_params params = bert_resume_params_default();
    params.run = settings.resume;
    params.threads = settings.params.threads;
    params.stop_after_steps = settings.params.stop_after_steps;
    params.job = job;
    if (arguments_given(call->arguments, "zero"))
        params.zero = settings.params.zero ? BERT_ON : BERT_OFF;
    if (arguments_given(call->arguments, "micro-batch-tokens"))
        params.micro_batch_tokens = settings.params.micro_batch_tokens;
    return bert_pretrain_resume(&params, &call->result, observer, error);
}

static int run(const arguments *arguments)
{
    if (!options_fit(arguments))
        return EXIT_USAGE;
    call call = {.arguments = arguments};
    return ranks_run(&settings.job,
                     &(rank_command){.work = train, .show = show_result, .context = &call});
}

const command command_pretrain = {
    .name = "pretrain",
    .summary = "train a model on prepared data",
    .synopsis = "--data DATA --model MODEL --output RUN [OPTIONS]\n--resume RUN [OPTIONS]",
    .description =
        "Trains BERT with masked language modelling and next-sentence prediction. RUN holds "
        "run.json (every setting), metrics.jsonl (a line for every logging step and evaluation) "
        "and the checkpoints, each a Hugging Face model folder that transformers loads.\n"
        "\n"
        "SIGINT (Ctrl-C) and SIGTERM finish the step, save a checkpoint and say how to go on; the "
        "exit status is then 130 or 143. A second signal ends the program at once. A run that was "
        "stopped and resumed has the weights and the metrics of one that was never stopped.\n"
        "\n"
        "mpirun -n N bert pretrain ... trains one model on N ranks: the batch of a step is N times "
        "as large, rank 0 writes and reports. A signal to any rank stops all; SIGUSR1, which "
        "mpirun passes on, stops a run as SIGTERM does.",
    .examples = "bert pretrain --data data --model tiny --output run\n"
                "bert pretrain --data data --model bert-base-uncased/ --output run\n"
                "bert pretrain --data data --model distil --teacher base/ --output run\n"
                "bert pretrain --data 'wiki/part-*' --data books:2.5 --model base --output run\n"
                "bert pretrain --config settings.json --output run --seed 7\n"
                "bert pretrain --resume run\n",
    .options = options,
    .option_count = OPTION_COUNT(options),
    .set_defaults = set_defaults,
    .run = run,
};
