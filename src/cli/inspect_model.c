/* bert inspect of a model folder, a checkpoint, a run or a file of weights. */
#include "inspect.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool detect(const char *path, const inspect_settings *settings)
{
    return !settings->corpus.tokenizer && bert_inspect_model_detect(path);
}

static const char *kind_name(bert_model_kind kind)
{
    static const char *const names[] = {
        [BERT_KIND_RUN] = "run",
        [BERT_KIND_CHECKPOINT] = "checkpoint",
        [BERT_KIND_FINETUNED] = "fine-tuned model",
        [BERT_KIND_MODEL] = "model",
        [BERT_KIND_WEIGHTS] = "weights",
    };
    return names[kind];
}

/* -------------------------------------------------------------------------------- readable --- */

static void print_text(const char *name, const char *value)
{
    printf("%-24s%16s\n", name, value);
}

/* Names from a file may hold what a terminal would obey. */
static void print_name(const char *name)
{
    for (const char *c = name; *c; c++)
        putchar((unsigned char)*c < 0x20 || *c == 0x7F ? '?' : *c);
}

static void print_config(const bert_config_report *config, size_t top)
{
    if (!config->architecture)
        return;
    const struct {
        const char *name;
        int value;
    } sizes[] = {
        {"vocabulary", config->vocab_size},
        {"hidden size", config->hidden_size},
        {"layers", config->num_hidden_layers},
        {"attention heads", config->num_attention_heads},
        {"intermediate size", config->intermediate_size},
        {"positions", config->max_position_embeddings},
        {"token types", config->type_vocab_size},
    };
    printf("%-24s%s\n", "architecture", config->architecture);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        inspect_print_count(sizes[i].name, (uint64_t)sizes[i].value);
    if (config->num_labels == 0)
        return;
    inspect_print_count(config->regression ? "numbers (regression)" : "labels",
                        (uint64_t)config->num_labels);
    for (int i = 0; i < config->num_labels && (size_t)i < top; i++) {
        printf("%14d  ", i);
        print_name(config->labels[i]);
        putchar('\n');
    }
}

static void print_parameters(const bert_model_report *report)
{
    putchar('\n');
    inspect_print_count("parameters", report->parameter_count);
    for (bert_model_part part = 0; part < BERT_MODEL_PARTS; part++) {
        char name[40];
        snprintf(name, sizeof name, "  %s", bert_model_part_name(part));
        if (report->parameters[part] > 0)
            inspect_print_count(name, report->parameters[part]);
    }
}

static bool is_first_of(const bert_model_report *report, size_t tensor, bool by_type)
{
    for (size_t i = 0; i < tensor; i++)
        if (by_type ? strcmp(report->tensors[i].type, report->tensors[tensor].type) == 0
                    : strcmp(report->tensors[i].file, report->tensors[tensor].file) == 0)
            return false;
    return true;
}

/* "F32, I64": every type, or every file, once. */
static void print_distinct(const char *title, const bert_model_report *report, bool by_type)
{
    printf("%-24s", title);
    for (size_t i = 0; i < report->tensor_count; i++)
        if (is_first_of(report, i, by_type)) {
            printf("%s", i > 0 ? ", " : "");
            print_name(by_type ? report->tensors[i].type : report->tensors[i].file);
        }
    putchar('\n');
}

static size_t print_uses(const bert_model_report *report, bert_tensor_use use, const char *title,
                         size_t top)
{
    size_t count = 0;
    for (size_t i = 0; i < report->tensor_count; i++) {
        if (report->tensors[i].use != use)
            continue;
        if (count++ == 0)
            printf("\n%s\n", title);
        if (count > top)
            continue;
        printf("  ");
        print_name(report->tensors[i].name);
        putchar('\n');
    }
    if (count > top)
        printf("  and %zu more\n", count - top);
    return count;
}

static void print_missing(const bert_model_report *report, size_t top)
{
    if (report->missing_count == 0)
        return;
    printf(
        "\nMissing for this architecture (heads begin from random numbers where they are trained, "
        "else the folder is refused):\n");
    for (size_t i = 0; i < report->missing_count && i < top; i++)
        printf("  %s\n", report->missing[i]);
    if (report->missing_count > top)
        printf("  and %zu more\n", report->missing_count - top);
}

static void print_tensor(const bert_tensor_report *tensor)
{
    char shape[8 * 24] = "";
    for (int i = 0; i < tensor->dimensions; i++)
        snprintf(shape + strlen(shape), sizeof shape - strlen(shape), "%s%" PRIu64, i ? " x " : "",
                 tensor->shape[i]);
    printf("%20s  %-5s ", tensor->dimensions ? shape : "1", tensor->type);
    print_name(tensor->name);
    putchar('\n');
}

static int compare_sizes(const void *left, const void *right)
{
    const bert_tensor_report *a = *(const bert_tensor_report *const *)left;
    const bert_tensor_report *b = *(const bert_tensor_report *const *)right;
    if (a->numbers != b->numbers)
        return a->numbers < b->numbers ? 1 : -1;
    return strcmp(a->name, b->name);
}

static void print_largest(const bert_model_report *report, size_t top)
{
    const bert_tensor_report **sorted = calloc(report->tensor_count + 1, sizeof *sorted);
    if (!sorted || report->tensor_count == 0 || top == 0) {
        free(sorted);
        return;
    }
    for (size_t i = 0; i < report->tensor_count; i++)
        sorted[i] = &report->tensors[i];
    qsort(sorted, report->tensor_count, sizeof *sorted, compare_sizes);
    printf("\nLargest tensors:\n");
    for (size_t i = 0; i < report->tensor_count && i < top; i++)
        print_tensor(sorted[i]);
    free(sorted);
}

static void print_weights(const bert_model_report *report, size_t top)
{
    if (report->weights_problem) {
        printf("\nno weights: %s\n", report->weights_problem);
        return;
    }
    inspect_print_count("tensors", report->tensor_count);
    inspect_print_count("  bytes", report->weight_bytes);
    print_distinct("  types", report, true);
    print_distinct("  files", report, false);
    print_missing(report, top);
    print_uses(report, BERT_TENSOR_UNUSED, "Not used by this architecture:", top);
    print_uses(report, BERT_TENSOR_MISFIT,
               "Of another shape, or not part of this model; loading rejects the folder:", top);
    print_largest(report, top);
}

static void print_tokenizer(const bert_model_report *report)
{
    putchar('\n');
    if (!report->has_tokenizer) {
        print_text("tokenizer", "none");
    } else if (report->tokenizer_problem) {
        printf("%-24s%s\n", "tokenizer", "cannot be used:");
        printf("  %s\n", report->tokenizer_problem);
    } else {
        inspect_print_count("tokenizer", report->tokenizer.vocab_size);
        print_text("  lowercase", report->tokenizer.lowercase ? "yes" : "no");
    }
}

static void print_whole(const char *name, int64_t number)
{
    if (number >= 0)
        inspect_print_count(name, (uint64_t)number);
}

static void print_real(const char *name, double number)
{
    if (!isnan(number))
        printf("%-24s%16.4f\n", name, number);
}

static void print_training(const bert_model_report *report)
{
    const bert_training_report *training = &report->training;
    if (!report->has_training)
        return;
    putchar('\n');
    print_whole("step", training->step);
    print_whole("  of", training->max_steps);
    print_real("epoch", training->epoch);
    print_whole("tokens", training->tokens);
    print_whole("seed", training->seed);
    print_real("training loss", training->train_loss);
    print_real("evaluation loss", training->eval_loss);
    print_real("best evaluation loss", training->best_loss);
    print_whole("  at step", training->best_step > 0 ? training->best_step : -1);
}

static void print_manifest(const bert_model_report *report)
{
    if (!report->has_manifest)
        return;
    char bytes[32];
    printf("\nmanifest: %zu files of %s bytes are as it says%s\n", report->manifest_files,
           console_count(bytes, report->manifest_bytes),
           report->manifest_verified ? ", checksums included"
                                     : " by their sizes; --verify compares checksums");
}

static void print_checkpoints(const bert_model_report *report)
{
    if (report->kind != BERT_KIND_RUN)
        return;
    printf("%-24s", "checkpoints");
    for (size_t i = 0; i < report->checkpoint_count; i++)
        printf("%s%" PRId64, i > 0 ? ", " : "", report->checkpoints[i]);
    printf("%s\n", report->checkpoint_count ? "" : "none yet");
}

static void print_report(const bert_model_report *report, size_t top)
{
    printf("%-24s%s\n", "kind", kind_name(report->kind));
    if (report->kind == BERT_KIND_RUN)
        printf("%-24s%s\n", "described", report->path);
    print_checkpoints(report);
    print_config(&report->config, top);
    print_parameters(report);
    print_weights(report, top);
    if (report->kind == BERT_KIND_WEIGHTS)
        return;
    print_tokenizer(report);
    print_training(report);
    print_manifest(report);
}

/* ------------------------------------------------------------------------------------ JSON --- */

static json_t *text_or_null(const char *text)
{
    return text ? console_json_text(text, strlen(text)) : json_null();
}

static json_t *whole_or_null(int64_t number)
{
    return number >= 0 ? json_integer(number) : json_null();
}

static json_t *config_json(const bert_config_report *config)
{
    if (!config->architecture)
        return json_null();
    json_t *labels = json_array();
    for (int i = 0; i < config->num_labels; i++)
        json_array_append_new(labels, text_or_null(config->labels[i]));
    return json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:o, s:b}", "architecture",
                     config->architecture, "vocab_size", config->vocab_size, "hidden_size",
                     config->hidden_size, "num_hidden_layers", config->num_hidden_layers,
                     "num_attention_heads", config->num_attention_heads, "intermediate_size",
                     config->intermediate_size, "max_position_embeddings",
                     config->max_position_embeddings, "type_vocab_size", config->type_vocab_size,
                     "labels", labels, "regression", config->regression);
}

static json_t *tensor_json(const bert_tensor_report *tensor)
{
    json_t *shape = json_array();
    for (int i = 0; i < tensor->dimensions; i++)
        json_array_append_new(shape, json_integer((json_int_t)tensor->shape[i]));
    return json_pack("{s:o, s:s, s:o, s:s, s:s, s:o}", "name", text_or_null(tensor->name), "type",
                     tensor->type, "shape", shape, "part", bert_model_part_name(tensor->part),
                     "use", bert_tensor_use_name(tensor->use), "file", text_or_null(tensor->file));
}

static json_t *weights_json(const bert_model_report *report)
{
    json_t *tensors = json_array(), *missing = json_array(), *parts = json_object();
    for (size_t i = 0; i < report->tensor_count; i++)
        json_array_append_new(tensors, tensor_json(&report->tensors[i]));
    for (size_t i = 0; i < report->missing_count; i++)
        json_array_append_new(missing, text_or_null(report->missing[i]));
    for (bert_model_part part = 0; part < BERT_MODEL_PARTS; part++)
        json_object_set_new(parts, bert_model_part_name(part),
                            json_integer((json_int_t)report->parameters[part]));
    return json_pack("{s:I, s:o, s:o, s:I, s:o, s:o}", "parameters",
                     (json_int_t)report->parameter_count, "parameters_by_part", parts, "problem",
                     text_or_null(report->weights_problem), "bytes",
                     (json_int_t)report->weight_bytes, "missing", missing, "tensors", tensors);
}

static json_t *tokenizer_json(const bert_model_report *report)
{
    if (!report->has_tokenizer)
        return json_null();
    return json_pack("{s:I, s:b, s:o}", "vocab_size", (json_int_t)report->tokenizer.vocab_size,
                     "lowercase", report->tokenizer.lowercase, "problem",
                     text_or_null(report->tokenizer_problem));
}

static json_t *training_json(const bert_model_report *report)
{
    const bert_training_report *training = &report->training;
    if (!report->has_training)
        return json_null();
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "step", whole_or_null(training->step),
        "max_steps", whole_or_null(training->max_steps), "epoch",
        console_json_number(training->epoch), "tokens", whole_or_null(training->tokens), "seed",
        whole_or_null(training->seed), "train_loss", console_json_number(training->train_loss),
        "eval_loss", console_json_number(training->eval_loss), "best_eval_loss",
        console_json_number(training->best_loss), "best_step", whole_or_null(training->best_step));
}

static json_t *manifest_json(const bert_model_report *report)
{
    if (!report->has_manifest)
        return json_null();
    return json_pack("{s:I, s:I, s:b}", "files", (json_int_t)report->manifest_files, "bytes",
                     (json_int_t)report->manifest_bytes, "checksums_verified",
                     report->manifest_verified);
}

static json_t *report_json(const bert_model_report *report)
{
    json_t *checkpoints = json_array();
    for (size_t i = 0; i < report->checkpoint_count; i++)
        json_array_append_new(checkpoints, json_integer(report->checkpoints[i]));
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "kind", kind_name(report->kind),
                     "path", text_or_null(report->path), "checkpoints", checkpoints, "config",
                     config_json(&report->config), "weights", weights_json(report), "tokenizer",
                     tokenizer_json(report), "training", training_json(report), "manifest",
                     manifest_json(report));
}

static int run(const arguments *arguments, const inspect_settings *settings)
{
    if (!inspect_one_operand(arguments))
        return EXIT_USAGE;
    bert_inspect_model_params params = settings->model;
    params.path = arguments->operands[0];
    bert_model_report report;
    bert_error error = {0};
    int code = EXIT_SUCCESS;
    if (bert_inspect_model(&params, &report, &error) != BERT_OK)
        code = console_failure(&error);
    else if (settings->json)
        code = console_json(report_json(&report));
    else
        print_report(&report, settings->corpus.top);
    bert_model_report_free(&report);
    return code;
}

const inspector inspect_model = {.detect = detect, .run = run};
