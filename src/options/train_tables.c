/* Options of pre-training and of what goes with it. */
#include "options/rows.h"

#define PARAMS bert_pretrain_params
#define TOKENIZER tokenizer_options.
#define AS_TRAINED(usual)
#define WARMUP_RATIO_HELP ", where --warmup-steps is 0"
#define SEED_HELP "weights, order, pairs, masks and dropout"
static const bert_option pretrain_params[] = {
    PATHS(data, .value = "DATA", HUB(FILES), .group = "Input and output",
          .help = "PREFIX of data that bert prepare wrote, a folder or a quoted pattern of "
                  "several; may be given several times, and end in :WEIGHT, how often each "
                  "document comes in an epoch (wiki:0.1, books:2.5). Or a pre-tokenized data "
                  "set of Hugging Face: a folder or a zip of what save_to_disk wrote, or "
                  "Parquet files or JSON lines, with input_ids and, for pairs, token_type_ids "
                  "and next_sentence_label; its split train is taken, or that of PATH:SPLIT; "
                  "masks are drawn here"),
    PATHS(eval_data, .value = "DATA", HUB(FILES), .optional = true,
          .default_text = "the validation split of --data",
          .help = "evaluate on these data, of both kinds as --data; on their validation split, "
                  "or on all of them where they have none; may be given several times"),
    PATH(tokenizer, .value = "PATH", HUB(TOKENIZER), .optional = true,
         .default_text = "PREFIX.tokenizer",
         .help = "folder of tokenizer files, tokenizer.json, vocab.txt or " HUB_NAME_HELP "; "
                 "needed for a pre-tokenized data set"),
#include "options/tokenizer.inc"
    MODEL(model, .value = "MODEL", HUB(INITIAL_MODEL),
          .help = "tiny, mini, small, medium, base, large or distil, or a config.json: random "
                  "weights; or a model folder, " HUB_NAME_HELP ", or the PREFIX of a "
                  "TensorFlow checkpoint: its weights"),
    PATH(output, .value = "RUN", .help = "the run's directory; must not exist, or be empty"),

#define GROUP .group = "Batch and objective",
#include "options/batch.inc"
#undef GROUP
    TEXT(batch_size_ramp, .value = "N:SHARE,...", .optional = true,
         .default_text = "one size throughout",
         .help = "sequences in a step, on all ranks together, that follow each other with "
                 "their shares of the steps, as 256:0.1,4096:0.9; computed in as many "
                 "micro-batches as that takes"),
    INT(max_seq_length, .value = "N", FROM_TO(8, 65536),
        .help = "tokens in a sequence at most, [CLS] and [SEP] included"),
#include "options/samples.inc"
    FLAG(next_sentence_prediction, .help = "train with masked tokens alone"),
#include "options/sample_kinds.inc"
    CHOICE(bert_masks, masks, .value = "NAME", .choices = choices_masks,
           .help = "when samples and masks are drawn"),
    TEXT(sequence_schedule, .value = "LENGTH:SHARE,...", .optional = true,
         .default_text = "--max-seq-length throughout",
         .help = "lengths of sequences that follow each other, with their shares of the "
                 "steps, as 128:0.9,512:0.1"),
#include "options/dropout.inc"

    MODEL(teacher, .value = "MODEL", HUB(MODEL), .group = "Distillation from a teacher",
          .optional = true, .default_text = "none",
          .help = "learn from this model, too, which has an MLM head and the same vocabulary "
                  "and hidden size; a model with random weights takes over layers of it"),
    REAL(distill_temperature, .value = "T", FROM_TO(0, 1e6), .above_minimum = true,
         .help = "of both predictions where they are compared"),
    REAL(distill_alpha_ce, .value = "WEIGHT", FROM_TO(0, 1e6),
         .help = "weight of the teacher's predictions in the loss"),
    REAL(distill_alpha_mlm, .value = "WEIGHT", FROM_TO(0, 1e6),
         .help = "weight of the masked tokens"),
    REAL(distill_alpha_cos, .value = "WEIGHT", FROM_TO(0, 1e6),
         .help = "weight of the cosine between hidden states"),

#define GROUP .group = "Optimizer",
#include "options/optimizer.inc"
#undef GROUP
#include "options/schedule.inc"
    INT64(warmup_steps, .value = "N", COUNT, .help = "steps in which the learning rate rises"),
    CHOICE(bert_learning_rate_scaling, learning_rate_scaling, .value = "NAME",
           .choices = choices_learning_rate_scaling,
           .help = "how the learning rate grows with the quotient of the batch of a step and "
                   "--base-batch-size"),
    INT64(base_batch_size, .value = "N", COUNT, .default_text = "",
          .help = "sequences in a step that the learning rate is given for"),

    INT64(max_steps, .value = "N", COUNT, .group = "Length and intervals", .default_text = "",
          .help = "length in steps; 0: in epochs"),
    REAL(num_train_epochs, .value = "N", FROM_TO(0, 1e9),
         .help = "length in passes over the data, where --max-steps is 0"),
    INT64(logging_steps, .value = "N", COUNT_FROM(1),
          .help = "steps between two lines of RUN/metrics.jsonl"),
    INT64(eval_steps, .value = "N", COUNT, .default_text = "at the end",
          .help = "steps between two evaluations on the validation split, or on --eval-data"),
    REAL(eval_epochs, .value = "N", FROM_TO(0, 1e9), .default_text = "",
         .help = "the same in epochs"),
    INT64(eval_samples, .value = "N", COUNT, .default_text = "the whole split",
          .help = "sequences in an evaluation"),
    INT64(save_steps, .value = "N", COUNT, .default_text = "at the end",
          .help = "steps between two checkpoints"),
    REAL(save_epochs, .value = "N", FROM_TO(0, 1e9), .default_text = "",
         .help = "the same in epochs"),
    INT(save_total_limit, .value = "N", FROM_TO(0, INT_MAX), .default_text = "all",
        .help = "checkpoints to keep, the last ones and the best one"),
    INT64(stop_after_steps, .value = "N", COUNT, .default_text = "",
          .help = "save and stop after N steps of this call; --resume continues"),

    TEXT(push_to_hub, PUSH(), .default_text = "nowhere",
         .help = PUSH_HELP("checkpoints") "; none sends nothing"),
    FLAG(hub_private_repo, .help = PRIVATE_HELP),
    CHOICE(bert_hub_strategy, hub_strategy, .value = "NAME", .choices = choices_hub_strategy,
           .help = "what is sent"),

#define GROUP .group = "Several ranks (mpirun -n N bert pretrain ...)",
#include "options/ranks.inc"
#undef GROUP

    UINT64(seed, .value = "N", COUNT, .group = "Repeatability and speed",
           .help = "seed of " SEED_HELP),
#include "options/precision.inc"
#include "options/threads.inc"
};
DEFINE_TABLE(bert_pretrain_params_table, pretrain_params)
#undef TOKENIZER
#undef SEED_HELP
#undef WARMUP_RATIO_HELP
#undef AS_TRAINED
#undef PARAMS

#define PARAMS bert_resume_params
static const bert_option resume_params[] = {
    PATH(run, .value = "RUN", .help = "directory of the run to continue"),
#include "options/threads.inc"
    INT64(stop_after_steps, .value = "N", COUNT, .default_text = "",
          .help = "save and stop after N steps of this call"),
    OPTION_AT(SWITCH, bert_switch, "zero", zero, .default_text = "as the run began",
              .help = ZERO_HELP),
#include "options/micro_batch_tokens.inc"
    TEXT(push_to_hub, PUSH(), .default_text = "as the run began",
         .help = PUSH_HELP("checkpoints") "; none sends nothing"),
    OPTION_AT(SWITCH, bert_switch, "hub_private_repo", hub_private_repo,
              .default_text = "as the run began", .help = PRIVATE_HELP),
    CHOICE(bert_hub_strategy, hub_strategy, .value = "NAME", .choices = choices_hub_strategy,
           .optional = true, .default_text = "as the run began", .help = "what is sent"),
};
DEFINE_TABLE(bert_resume_params_table, resume_params)
#undef PARAMS

#define PARAMS bert_job_params
static const bert_option job_params[] = {
    REAL(rank_timeout, .value = "SECONDS", FROM_TO(1, 1e6),
         .help = "a rank without a heartbeat for so long ends the job"),
};
DEFINE_TABLE(bert_job_params_table, job_params)
#undef PARAMS

#define PARAMS bert_evaluate_params
#define SEED_HELP "pairs and masks"
static const bert_option evaluate_params[] = {
#include "options/model.inc"
    PATHS(data, .value = "DATA", HUB(FILES), .optional = true, .default_text = "",
          .help = "PREFIX of data that bert prepare wrote, a folder or a quoted pattern of "
                  "several; may be given several times. Or a pre-tokenized data set as bert "
                  "pretrain has it; PATH:SPLIT measures that split. Needed, unless --eval-data is "
                  "given"),
    FLAG(train_split, .help = "use the training split, not the validation split"),
    PATHS(eval_data, .value = "DATA", HUB(FILES), .optional = true, .default_text = "none",
          .help = "measure these data, as bert pretrain --eval-data does, instead of a split of "
                  "--data"),
    INT64(samples, .value = "N", COUNT, .default_text = "all", .help = "sequences to look at"),
    INT(batch_size, .value = "N", FROM_TO(1, 65536), .help = "sequences computed at once"),
    INT(max_seq_length, .value = "N", FROM_TO(0, 65536),
        .default_text = "as trained; else 128, or less where the model has fewer positions",
        .help = "tokens in a sequence at most, [CLS] and [SEP] included"),
#define AS_TRAINED(usual) .optional = true, .default_text = "as trained, else " usual,
#include "options/sample_kinds.inc"
#undef AS_TRAINED
#include "options/samples.inc"
#include "options/seed.inc"
#include "options/threads.inc"
};
DEFINE_TABLE(bert_evaluate_params_table, evaluate_params)
