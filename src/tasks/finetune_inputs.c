#include "tasks/finetune_inputs.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/observer.h"
#include "base/random.h"
#include "tasks/inference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* --------------------------------------------------------------------------------- examples --- */

static void split_free(finetune_split *split)
{
    free(split->path);
    examples_free(&split->examples);
    free(split->encoded.tokens);
    free(split->encoded.types);
    free(split->encoded.starts);
}

static bert_status read_split(finetune_split *split, const example_columns *columns,
                              const label_rule *rule, const bert_observer *observer,
                              bert_error *error)
{
    TRY(examples_read(&split->examples, split->path, columns, rule, error));
    const examples *examples = &split->examples;
    if (examples->bad_rows > 0)
        observer_message(observer, BERT_MESSAGE_WARNING,
                         "%s: %llu rows have another number of cells than the first and are left "
                         "out",
                         split->path, (unsigned long long)examples->bad_rows);
    if (examples->unlabelled_rows > 0)
        observer_message(observer, BERT_MESSAGE_WARNING,
                         "%s: %llu rows have no gold label and are left out", split->path,
                         (unsigned long long)examples->unlabelled_rows);
    return BERT_OK;
}

static bert_status read_glue_splits(finetune_inputs *inputs, const char *folder,
                                    const glue_split *splits, bool test, size_t *count,
                                    finetune_split *out, const bert_observer *observer,
                                    bert_error *error)
{
    const glue_task *task = inputs->task;
    const label_rule rule = {.regression = inputs->regression, .classes = &inputs->classes};
    for (*count = 0; splits->file; splits++) {
        finetune_split *split = &out[*count];
        TRY(path_join(&split->path, folder, splits->file, error));
        if (test && !file_exists(split->path)) { /* not everybody wants to submit */
            observer_message(observer, BERT_MESSAGE_INFO, "%s: is not there, no answers to it",
                             split->path);
            free(split->path);
            split->path = NULL;
            continue;
        }
        split->name = splits->name;
        split->submission = splits->submission;
        ++*count;
        TRY(read_split(split, test ? &task->test_columns : &task->columns, &rule, observer, error));
    }
    return BERT_OK;
}

static bert_status read_glue(finetune_inputs *inputs, const bert_observer *observer,
                             bert_error *error)
{
    const glue_task *task = inputs->task;
    char *folder;
    inputs->regression = !task->labels[0];
    inputs->scores = task->scores;
    for (size_t i = 0; task->labels[i]; i++)
        TRY(class_names_add(&inputs->classes, task->labels[i], strlen(task->labels[i]), error));
    TRY(glue_folder(&folder, task, inputs->params->data, error));
    const label_rule rule = {.regression = inputs->regression, .classes = &inputs->classes};
    bert_status status = path_join(&inputs->train.path, folder, "train.tsv", error);
    if (status == BERT_OK)
        status = read_split(&inputs->train, &task->columns, &rule, observer, error);
    if (status == BERT_OK)
        status = read_glue_splits(inputs, folder, task->validation, false,
                                  &inputs->validation_count, inputs->validation, observer, error);
    if (status == BERT_OK)
        status = read_glue_splits(inputs, folder, task->test, true, &inputs->test_count,
                                  inputs->test, observer, error);
    free(folder);
    return status;
}

/* Classes were numbered as they came; from now on in their sorted order. */
static bert_status sort_classes(finetune_inputs *inputs, bert_error *error)
{
    class_names *classes = &inputs->classes;
    char **before;
    int32_t numbers[CLASSES_MAX];
    TRY(memory_array((void **)&before, classes->count, sizeof *before, "names of classes", error));
    memcpy(before, classes->names, classes->count * sizeof *before);
    class_names_sort(classes);
    for (size_t i = 0; i < classes->count; i++)
        numbers[i] = class_names_find(classes, before[i], strlen(before[i]));
    free(before);
    examples *examples = &inputs->train.examples;
    for (size_t i = 0; i < examples->count; i++)
        examples->items[i].class = numbers[examples->items[i].class];
    return BERT_OK;
}

static bert_status copy_example(examples *to, const examples *from, size_t number,
                                bert_error *error)
{
    example copy = from->items[number];
    const char *texts = from->texts.data + copy.begin;
    size_t length = copy.end - copy.begin;
    copy.middle = copy.middle - copy.begin + to->texts.length;
    copy.begin = to->texts.length;
    copy.end = copy.begin + length;
    TRY(text_append(&to->texts, texts, length, error));
    TRY(memory_grow((void **)&to->items, &to->capacity, to->count + 1, sizeof *to->items,
                    "examples", error));
    to->items[to->count++] = copy;
    return BERT_OK;
}

/* A share of the training file, chosen once, so that all seeds are evaluated on the same. */
static bert_status hold_out(finetune_inputs *inputs, const bert_observer *observer,
                            bert_error *error)
{
    examples *train = &inputs->train.examples, *held_out = &inputs->validation[0].examples;
    const bert_finetune_params *params = inputs->params;
    size_t wanted = (size_t)(params->validation_fraction * (double)train->count + 0.5), kept = 0;
    if (wanted == 0 || wanted >= train->count)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: has %zu examples; too few to hold out a share of %g: name a "
                         "params->validation_file",
                         inputs->train.path, train->count, params->validation_fraction);
    held_out->pairs = train->pairs;
    size_t count = train->count;
    for (size_t i = 0; i < count; i++) {
        if (random_permutation(params->seed, 0, count, i) < wanted)
            TRY(copy_example(held_out, train, i, error));
        else
            train->items[kept++] = train->items[i];
    }
    train->count = kept;
    observer_message(observer, BERT_MESSAGE_INFO, "%s: %zu of %zu examples are held out to measure",
                     inputs->train.path, wanted, count);
    return BERT_OK;
}

static bert_status read_own(finetune_inputs *inputs, const bert_observer *observer,
                            bert_error *error)
{
    const bert_finetune_params *params = inputs->params;
    example_columns columns = {.text = params->text_column,
                               .pair = params->text_pair_column,
                               .label = params->label_column,
                               .hint = "Name the columns by params->text_column, "
                                       "params->text_pair_column and params->label_column"};
    inputs->regression = params->problem_type == BERT_PROBLEM_TYPE_REGRESSION;
    label_rule rule = {
        .regression = inputs->regression, .classes = &inputs->classes, .learns_classes = true};
    TRY(path_format(&inputs->train.path, error, "%s", params->train_file));
    TRY(read_split(&inputs->train, &columns, &rule, observer, error));
    rule.learns_classes = false;
    if (!inputs->regression) {
        if (inputs->classes.count < 2)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: all examples have the label \"%s\"; there is nothing to learn",
                             inputs->train.path, inputs->classes.names[0]);
        TRY(sort_classes(inputs, error));
    }
    inputs->scores = inputs->regression           ? SCORES_CORRELATIONS
                     : inputs->classes.count == 2 ? SCORES_BINARY
                                                  : SCORES_MULTICLASS;
    inputs->validation[0].name = "";
    inputs->validation_count = 1;
    if (params->validation_file) {
        TRY(path_format(&inputs->validation[0].path, error, "%s", params->validation_file));
        TRY(read_split(&inputs->validation[0], &columns, &rule, observer, error));
    } else {
        TRY(hold_out(inputs, observer, error));
    }
    if (!params->test_file)
        return BERT_OK;
    columns.label = NULL;
    inputs->test_count = 1;
    inputs->test[0].name = "";
    inputs->test[0].submission = "predictions.tsv";
    TRY(path_format(&inputs->test[0].path, error, "%s", params->test_file));
    return read_split(&inputs->test[0], &columns, &rule, observer, error);
}

/* --------------------------------------------------------------------------------- encoding --- */

static bert_status append_encoding(encoded_examples *encoded, size_t number,
                                   const bert_encoding *encoding, bool has_types, bert_error *error)
{
    size_t start = encoded->starts[number], end = start + encoding->count;
    TRY(memory_grow((void **)&encoded->tokens, &encoded->token_capacity, end,
                    sizeof *encoded->tokens, "encoded examples", error));
    TRY(memory_grow((void **)&encoded->types, &encoded->type_capacity, end, sizeof *encoded->types,
                    "encoded examples", error));
    memcpy(encoded->tokens + start, encoding->ids, encoding->count * sizeof *encoded->tokens);
    if (has_types)
        memcpy(encoded->types + start, encoding->type_ids, encoding->count);
    else
        memset(encoded->types + start, 0, encoding->count);
    encoded->starts[number + 1] = end;
    return BERT_OK;
}

static bert_status encode_split(const finetune_inputs *inputs, finetune_split *split,
                                bert_error *error)
{
    encoded_examples *encoded = &split->encoded;
    bert_encoding encoding = {0};
    size_t limit = (size_t)inputs->params->max_seq_length, count = split->examples.count;
    TRY(memory_array((void **)&encoded->starts, count + 1, sizeof *encoded->starts,
                     "encoded examples", error));
    bert_status status = BERT_OK;
    for (size_t i = 0; i < count && status == BERT_OK; i++) {
        bert_input input = examples_input(&split->examples, i);
        status = inference_encode(inputs->tokenizer, &input, limit + 1, &encoding, error);
        if (status == BERT_OK && encoding.count > limit) {
            encoded->truncated++;
            status = inference_encode(inputs->tokenizer, &input, limit, &encoding, error);
        }
        if (status == BERT_OK)
            status =
                append_encoding(encoded, i, &encoding, inputs->config.type_vocab_size >= 2, error);
    }
    bert_encoding_free(&encoding);
    return status;
}

static bert_status encode_all(finetune_inputs *inputs, const bert_observer *observer,
                              bert_error *error)
{
    TRY(encode_split(inputs, &inputs->train, error));
    for (size_t i = 0; i < inputs->validation_count; i++)
        TRY(encode_split(inputs, &inputs->validation[i], error));
    for (size_t i = 0; i < inputs->test_count; i++)
        TRY(encode_split(inputs, &inputs->test[i], error));
    size_t count = inputs->train.examples.count;
    observer_message(
        observer, BERT_MESSAGE_INFO, "%s: %zu examples to learn, %.1f tokens each; %zu to measure",
        inputs->train.path, count, (double)inputs->train.encoded.starts[count] / (double)count,
        inputs->validation[0].examples.count);
    if (inputs->train.encoded.truncated > 0)
        observer_message(observer, BERT_MESSAGE_WARNING,
                         "%s: %llu examples have more than %d tokens and are cut; see "
                         "params->max_seq_length",
                         inputs->train.path, (unsigned long long)inputs->train.encoded.truncated,
                         inputs->params->max_seq_length);
    return BERT_OK;
}

/* ---------------------------------------------------------------------------- class weights --- */

static bert_status balance_classes(finetune_inputs *inputs, bert_error *error)
{
    size_t classes = inputs->classes.count, count = inputs->train.examples.count;
    size_t counts[CLASSES_MAX] = {0};
    for (size_t i = 0; i < count; i++)
        counts[inputs->train.examples.items[i].class]++;
    for (size_t class = 0; class < classes; class ++) {
        if (counts[class] == 0)
            return error_set(
                error, BERT_ERROR_INPUT,
                "%s: no example has the label \"%s\"; params->class_weights = balanced needs "
                "some of every class",
                inputs->train.path, inputs->classes.names[class]);
        inputs->class_weights[class] =
            (float)((double)count / ((double)classes * (double)counts[class]));
    }
    return BERT_OK;
}

static bert_status parse_class_weights(finetune_inputs *inputs, bert_error *error)
{
    const char *at = inputs->params->class_weights;
    size_t count = 0, classes = inputs->classes.count;
    for (;;) {
        char *end;
        double weight = strtod(at, &end);
        if (end == at || !(weight > 0) || !isfinite(weight) || count == classes ||
            (*end && *end != ','))
            break;
        inputs->class_weights[count++] = (float)weight;
        if (!*end && count == classes)
            return BERT_OK;
        at = end + (*end == ',');
    }
    return error_set(
        error, BERT_ERROR_INVALID_ARGUMENT,
        "params->class_weights is \"%s\", expected balanced, or %zu numbers above 0 with "
        "commas between, one for each class from \"%s\" to \"%s\"",
        inputs->params->class_weights, classes, inputs->classes.names[0],
        inputs->classes.names[classes - 1]);
}

static bert_status weigh_classes(finetune_inputs *inputs, bert_error *error)
{
    const char *given = inputs->params->class_weights;
    if (!given)
        return BERT_OK;
    if (inputs->regression)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->class_weights: a regression has no classes");
    TRY(memory_array((void **)&inputs->class_weights, inputs->classes.count,
                     sizeof *inputs->class_weights, "weights of classes", error));
    return strcmp(given, "balanced") == 0 ? balance_classes(inputs, error)
                                          : parse_class_weights(inputs, error);
}

/* -------------------------------------------------------------------------------------- all --- */

bert_status finetune_inputs_open(finetune_inputs *inputs, const bert_finetune_params *params,
                                 const bert_observer *observer, bert_error *error)
{
    *inputs = (finetune_inputs){.params = params};
    if (params->task)
        inputs->task = glue_task_find(params->task);
    bert_status status;
    TRY_OR_GO(status,
              inputs->task ? read_glue(inputs, observer, error) : read_own(inputs, observer, error),
              failed);
    TRY_OR_GO(status, weigh_classes(inputs, error), failed);
    TRY_OR_GO(status, finetune_model_open(inputs, error), failed);
    TRY_OR_GO(status, encode_all(inputs, observer, error), failed);
    return BERT_OK;
failed:
    finetune_inputs_close(inputs);
    return status;
}

void finetune_inputs_close(finetune_inputs *inputs)
{
    split_free(&inputs->train);
    for (size_t i = 0; i < GLUE_SPLITS_MAX; i++) {
        split_free(&inputs->validation[i]);
        split_free(&inputs->test[i]);
    }
    class_names_free(&inputs->classes);
    free(inputs->class_weights);
    free(inputs->folder);
    parameter_table_free(&inputs->table);
    bert_tokenizer_free(inputs->tokenizer);
    *inputs = (finetune_inputs){0};
}

const char *finetune_class_name(const finetune_inputs *inputs, size_t class)
{
    return inputs->task ? inputs->task->class_names[class] : inputs->classes.names[class];
}

static uint64_t split_checksum(const finetune_split *split, uint64_t seed)
{
    const encoded_examples *encoded = &split->encoded;
    size_t count = split->examples.count, tokens = encoded->starts[count];
    seed = XXH3_64bits_withSeed(encoded->starts, (count + 1) * sizeof *encoded->starts, seed);
    seed = XXH3_64bits_withSeed(encoded->tokens, tokens * sizeof *encoded->tokens, seed);
    seed = XXH3_64bits_withSeed(encoded->types, tokens, seed);
    for (size_t i = 0; i < count; i++) {
        const example *example = &split->examples.items[i];
        seed = XXH3_64bits_withSeed(&example->class, sizeof example->class, seed);
        seed = XXH3_64bits_withSeed(&example->score, sizeof example->score, seed);
    }
    return seed;
}

uint64_t finetune_inputs_checksum(const finetune_inputs *inputs)
{
    uint64_t checksum = split_checksum(&inputs->train, 0);
    for (size_t i = 0; i < inputs->validation_count; i++)
        checksum = split_checksum(&inputs->validation[i], checksum);
    return checksum;
}
