#include "tasks/finetune_material.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/observer.h"
#include "base/random.h"
#include "tasks/inference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

static bert_status read_glue_splits(finetune_material *material, const char *folder,
                                    const glue_split *splits, bool test, size_t *count,
                                    finetune_split *out, const bert_observer *observer,
                                    bert_error *error)
{
    const glue_task *task = material->task;
    const label_rule rule = {.regression = material->regression, .classes = &material->classes};
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

static bert_status read_glue(finetune_material *material, const bert_observer *observer,
                             bert_error *error)
{
    const glue_task *task = material->task;
    char *folder;
    material->regression = !task->labels[0];
    material->scores = task->scores;
    for (size_t i = 0; task->labels[i]; i++)
        TRY(class_names_add(&material->classes, task->labels[i], strlen(task->labels[i]), error));
    TRY(glue_folder(&folder, task, material->params->data, error));
    const label_rule rule = {.regression = material->regression, .classes = &material->classes};
    bert_status status = path_join(&material->train.path, folder, "train.tsv", error);
    if (status == BERT_OK)
        status = read_split(&material->train, &task->columns, &rule, observer, error);
    if (status == BERT_OK)
        status =
            read_glue_splits(material, folder, task->validation, false, &material->validation_count,
                             material->validation, observer, error);
    if (status == BERT_OK)
        status = read_glue_splits(material, folder, task->test, true, &material->test_count,
                                  material->test, observer, error);
    free(folder);
    return status;
}

/* Classes were numbered as they came; from now on in their sorted order. */
static bert_status sort_classes(finetune_material *material, bert_error *error)
{
    class_names *classes = &material->classes;
    char **before;
    int32_t numbers[CLASSES_MAX];
    TRY(memory_array((void **)&before, classes->count, sizeof *before, "names of classes", error));
    memcpy(before, classes->names, classes->count * sizeof *before);
    class_names_sort(classes);
    for (size_t i = 0; i < classes->count; i++)
        numbers[i] = class_names_find(classes, before[i], strlen(before[i]));
    free(before);
    examples *examples = &material->train.examples;
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

/* A share of the training file, drawn once for all seeds, so that they are judged by the same. */
static bert_status hold_out(finetune_material *material, const bert_observer *observer,
                            bert_error *error)
{
    examples *train = &material->train.examples, *held_out = &material->validation[0].examples;
    const bert_finetune_params *params = material->params;
    size_t wanted = (size_t)(params->validation_fraction * (double)train->count + 0.5), kept = 0;
    if (wanted == 0 || wanted >= train->count)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: has %zu examples; too few to hold out a share of %g: name a "
                         "--validation-file",
                         material->train.path, train->count, params->validation_fraction);
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
                     material->train.path, wanted, count);
    return BERT_OK;
}

static bert_status read_own(finetune_material *material, const bert_observer *observer,
                            bert_error *error)
{
    const bert_finetune_params *params = material->params;
    example_columns columns = {
        .text = params->text_column,
        .pair = params->text_pair_column,
        .label = params->label_column,
        .hint = "Name the columns by --text-column, --text-pair-column and --label-column"};
    material->regression = strcmp(params->problem_type, "regression") == 0;
    label_rule rule = {
        .regression = material->regression, .classes = &material->classes, .learns_classes = true};
    TRY(path_format(&material->train.path, error, "%s", params->train_file));
    TRY(read_split(&material->train, &columns, &rule, observer, error));
    rule.learns_classes = false;
    if (!material->regression) {
        if (material->classes.count < 2)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: all examples have the label \"%s\"; there is nothing to learn",
                             material->train.path, material->classes.names[0]);
        TRY(sort_classes(material, error));
    }
    material->scores = material->regression           ? SCORES_CORRELATIONS
                       : material->classes.count == 2 ? SCORES_BINARY
                                                      : SCORES_MULTICLASS;
    material->validation[0].name = "";
    material->validation_count = 1;
    if (params->validation_file) {
        TRY(path_format(&material->validation[0].path, error, "%s", params->validation_file));
        TRY(read_split(&material->validation[0], &columns, &rule, observer, error));
    } else {
        TRY(hold_out(material, observer, error));
    }
    if (!params->test_file)
        return BERT_OK;
    columns.label = NULL;
    material->test_count = 1;
    material->test[0].name = "";
    material->test[0].submission = "predictions.tsv";
    TRY(path_format(&material->test[0].path, error, "%s", params->test_file));
    return read_split(&material->test[0], &columns, &rule, observer, error);
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

static bert_status encode_split(const finetune_material *material, finetune_split *split,
                                bert_error *error)
{
    encoded_examples *encoded = &split->encoded;
    bert_encoding encoding = {0};
    size_t limit = (size_t)material->params->max_seq_length, count = split->examples.count;
    TRY(memory_array((void **)&encoded->starts, count + 1, sizeof *encoded->starts,
                     "encoded examples", error));
    bert_status status = BERT_OK;
    for (size_t i = 0; i < count && status == BERT_OK; i++) {
        bert_input input = examples_input(&split->examples, i);
        status = inference_encode(material->tokenizer, &input, limit + 1, &encoding, error);
        if (status == BERT_OK && encoding.count > limit) {
            encoded->truncated++;
            status = inference_encode(material->tokenizer, &input, limit, &encoding, error);
        }
        if (status == BERT_OK)
            status = append_encoding(encoded, i, &encoding, material->config.type_vocab_size >= 2,
                                     error);
    }
    bert_encoding_free(&encoding);
    return status;
}

static bert_status encode_all(finetune_material *material, const bert_observer *observer,
                              bert_error *error)
{
    TRY(encode_split(material, &material->train, error));
    for (size_t i = 0; i < material->validation_count; i++)
        TRY(encode_split(material, &material->validation[i], error));
    for (size_t i = 0; i < material->test_count; i++)
        TRY(encode_split(material, &material->test[i], error));
    size_t count = material->train.examples.count;
    observer_message(
        observer, BERT_MESSAGE_INFO, "%s: %zu examples to learn, %.1f tokens each; %zu to measure",
        material->train.path, count, (double)material->train.encoded.starts[count] / (double)count,
        material->validation[0].examples.count);
    if (material->train.encoded.truncated > 0)
        observer_message(observer, BERT_MESSAGE_WARNING,
                         "%s: %llu examples have more than %d tokens and are cut; see "
                         "--max-seq-length",
                         material->train.path,
                         (unsigned long long)material->train.encoded.truncated,
                         material->params->max_seq_length);
    return BERT_OK;
}

/* ---------------------------------------------------------------------------- class weights --- */

static bert_status balance_classes(finetune_material *material, bert_error *error)
{
    size_t classes = material->classes.count, count = material->train.examples.count;
    size_t counts[CLASSES_MAX] = {0};
    for (size_t i = 0; i < count; i++)
        counts[material->train.examples.items[i].class]++;
    for (size_t class = 0; class < classes; class ++) {
        if (counts[class] == 0)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: no example has the label \"%s\"; --class-weights balanced needs "
                             "some of every class",
                             material->train.path, material->classes.names[class]);
        material->class_weights[class] =
            (float)((double)count / ((double)classes * (double)counts[class]));
    }
    return BERT_OK;
}

static bert_status parse_class_weights(finetune_material *material, bert_error *error)
{
    const char *at = material->params->class_weights;
    size_t count = 0, classes = material->classes.count;
    for (;;) {
        char *end;
        double weight = strtod(at, &end);
        if (end == at || !(weight > 0) || !isfinite(weight) || count == classes ||
            (*end && *end != ','))
            break;
        material->class_weights[count++] = (float)weight;
        if (!*end && count == classes)
            return BERT_OK;
        at = end + (*end == ',');
    }
    return error_set(error, BERT_ERROR_USAGE,
                     "--class-weights is \"%s\", expected balanced, or %zu numbers above 0 with "
                     "commas between, one for each class from \"%s\" to \"%s\"",
                     material->params->class_weights, classes, material->classes.names[0],
                     material->classes.names[classes - 1]);
}

static bert_status weigh_classes(finetune_material *material, bert_error *error)
{
    const char *given = material->params->class_weights;
    if (!given)
        return BERT_OK;
    if (material->regression)
        return error_set(error, BERT_ERROR_USAGE, "--class-weights: a regression has no classes");
    TRY(memory_array((void **)&material->class_weights, material->classes.count,
                     sizeof *material->class_weights, "weights of classes", error));
    return strcmp(given, "balanced") == 0 ? balance_classes(material, error)
                                          : parse_class_weights(material, error);
}

/* -------------------------------------------------------------------------------------- all --- */

bert_status finetune_material_open(finetune_material *material, const bert_finetune_params *params,
                                   const bert_observer *observer, bert_error *error)
{
    *material = (finetune_material){.params = params};
    if (params->task)
        material->task = glue_task_find(params->task);
    bert_status status;
    TRY_OR_GO(status,
              material->task ? read_glue(material, observer, error)
                             : read_own(material, observer, error),
              failed);
    TRY_OR_GO(status, weigh_classes(material, error), failed);
    TRY_OR_GO(status, finetune_model_open(material, error), failed);
    TRY_OR_GO(status, encode_all(material, observer, error), failed);
    return BERT_OK;
failed:
    finetune_material_close(material);
    return status;
}

void finetune_material_close(finetune_material *material)
{
    split_free(&material->train);
    for (size_t i = 0; i < GLUE_SPLITS_MAX; i++) {
        split_free(&material->validation[i]);
        split_free(&material->test[i]);
    }
    class_names_free(&material->classes);
    free(material->class_weights);
    free(material->folder);
    parameter_table_free(&material->table);
    bert_tokenizer_free(material->tokenizer);
    *material = (finetune_material){0};
}

const char *finetune_class_name(const finetune_material *material, size_t class)
{
    return material->task ? material->task->class_names[class] : material->classes.names[class];
}
