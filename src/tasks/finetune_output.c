#include "tasks/finetune_output.h"

#include "base/file.h"
#include "formats/json.h"
#include "train/manifest.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------------------------- summary --- */

/* The name of a score over all validation files: "mismatched_accuracy". */
static void score_name(char *name, size_t size, const char *split, const char *score)
{
    snprintf(name, size, "%s%s%s", split, *split ? "_" : "", score);
}

static void summarize_score(bert_score *score, const finetune_results *results,
                            finetune_start start, size_t split, int number)
{
    double sum = 0, squares = 0, count = 0;
    for (size_t i = 0; i < results->count; i++)
        if (results->seeds[i].start == start) {
            sum += results->seeds[i].outcome.scores[split].values[number];
            count++;
        }
    score->mean = count > 0 ? sum / count : NAN;
    for (size_t i = 0; i < results->count; i++)
        if (results->seeds[i].start == start) {
            double off = results->seeds[i].outcome.scores[split].values[number] - score->mean;
            squares += off * off;
        }
    score->deviation = count > 1 ? sqrt(squares / (count - 1)) : NAN;
}

void finetune_summarize(bert_score_set *set, const finetune_results *results,
                        const finetune_inputs *inputs, finetune_start start)
{
    *set = (bert_score_set){0};
    const finished_seed *first = NULL;
    for (size_t i = 0; i < results->count && !first; i++)
        if (results->seeds[i].start == start)
            first = &results->seeds[i];
    for (size_t split = 0; first && split < inputs->validation_count; split++) {
        const task_scores *scores = &first->outcome.scores[split];
        for (int i = 0; i < scores->count; i++) {
            bert_score *score = &set->scores[set->score_count++];
            score_name(score->name, sizeof score->name, inputs->validation[split].name,
                       scores->names[i]);
            summarize_score(score, results, start, split, i);
        }
    }
}

const finished_seed *finetune_best(const finetune_results *results, const finetune_inputs *inputs)
{
    finetune_start kept = inputs->folder ? START_MODEL : START_SCRATCH;
    const finished_seed *best = NULL;
    for (size_t i = 0; i < results->count; i++) {
        const finished_seed *seed = &results->seeds[i];
        if (seed->start == kept && (!best || task_score_better(seed->outcome.scores[0].judged_by,
                                                               best->outcome.scores[0].judged_by)))
            best = seed;
    }
    return best;
}

/* ----------------------------------------------------------------------------- results.json --- */

static json_t *json_score(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

static const char *start_name(finetune_start start)
{
    return start == START_MODEL ? "model" : "scratch";
}

static bert_status append_seed(json_t *list, const finished_seed *seed,
                               const finetune_inputs *inputs, bert_error *error)
{
    json_t *scores = json_object();
    bert_status status = BERT_OK;
    for (size_t split = 0; split < inputs->validation_count; split++) {
        const task_scores *set = &seed->outcome.scores[split];
        for (int i = 0; i < set->count && status == BERT_OK; i++) {
            char name[64];
            score_name(name, sizeof name, inputs->validation[split].name, set->names[i]);
            status = json_put(scores, name, json_score(set->values[i]), error);
        }
    }
    json_t *entry = json_pack("{s:s, s:I, s:i, s:i, s:o, s:o}", "start", start_name(seed->start),
                              "seed", (json_int_t)seed->seed, "best_epoch",
                              seed->outcome.best_epoch, "epochs", seed->outcome.epochs, "judged_by",
                              json_score(seed->outcome.scores[0].judged_by), "scores", scores);
    if (status == BERT_OK && (!entry || json_array_append(list, entry) != 0))
        status = error_set(error, BERT_ERROR_MEMORY, "no memory for results.json");
    json_decref(entry);
    return status;
}

static bert_status put_summary(json_t *root, const char *key, const finetune_results *results,
                               const finetune_inputs *inputs, finetune_start start,
                               bert_error *error)
{
    bert_score_set set;
    finetune_summarize(&set, results, inputs, start);
    if (set.score_count == 0)
        return BERT_OK;
    json_t *object = json_object();
    bert_status status = BERT_OK;
    for (int i = 0; i < set.score_count && status == BERT_OK; i++)
        status = json_put(object, set.scores[i].name,
                          json_pack("{s:o, s:o}", "mean", json_score(set.scores[i].mean),
                                    "standard_deviation", json_score(set.scores[i].deviation)),
                          error);
    if (status == BERT_OK)
        return json_put(root, key, object, error);
    json_decref(object);
    return status;
}

bert_status finetune_results_write(const finetune_results *results, const finetune_inputs *inputs,
                                   const char *folder, bert_error *error)
{
    char *path = NULL;
    json_t *root = json_object(), *seeds = json_array();
    bert_status status;
    TRY_OR_GO(status, path_join(&path, folder, "results.json", error), done);
    TRY_OR_GO(status, put_summary(root, "model", results, inputs, START_MODEL, error), done);
    TRY_OR_GO(status, put_summary(root, "scratch", results, inputs, START_SCRATCH, error), done);
    for (size_t i = 0; i < results->count; i++)
        TRY_OR_GO(status, append_seed(seeds, &results->seeds[i], inputs, error), done);
    TRY_OR_GO(status, json_put(root, "seeds", json_incref(seeds), error), done);
    status = json_write(root, path, error);
done:
    json_decref(seeds);
    json_decref(root);
    free(path);
    return status;
}

/* A score that was null is NaN again. */
static double number_of(const json_t *value)
{
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static bert_status read_seed(finished_seed *seed, const json_t *entry,
                             const finetune_inputs *inputs, const char *path, bert_error *error)
{
    const char *start;
    int64_t number, best, epochs;
    int most = inputs->params->num_train_epochs;
    TRY(json_get_string(entry, path, "start", true, &start, error));
    TRY(json_get_integer(entry, path, "seed", true, 0, INT64_MAX, &number, error));
    TRY(json_get_integer(entry, path, "epochs", true, 1, most, &epochs, error));
    TRY(json_get_integer(entry, path, "best_epoch", true, 1, epochs, &best, error));
    seed->start = strcmp(start, "model") == 0 ? START_MODEL : START_SCRATCH;
    seed->seed = (uint64_t)number;
    seed->outcome.best_epoch = (int)best;
    seed->outcome.epochs = (int)epochs;
    const json_t *scores = json_object_get(entry, "scores");
    for (size_t split = 0; split < inputs->validation_count; split++) {
        task_scores *set = &seed->outcome.scores[split];
        task_scores_names(set, inputs->scores);
        for (int i = 0; i < set->count; i++) {
            char name[64];
            score_name(name, sizeof name, inputs->validation[split].name, set->names[i]);
            if (!json_object_get(scores, name))
                return error_set(error, BERT_ERROR_INPUT, "%s: \"%s\" is missing", path, name);
            set->values[i] = number_of(json_object_get(scores, name));
        }
    }
    seed->outcome.scores[0].judged_by = number_of(json_object_get(entry, "judged_by"));
    return BERT_OK;
}

bert_status finetune_results_read(finetune_results *results, const finetune_inputs *inputs,
                                  const char *folder, bert_error *error)
{
    char *path = NULL;
    json_t *root = NULL;
    size_t most = (size_t)inputs->params->seeds * (inputs->params->baseline ? 2 : 1);
    bert_status status;
    results->count = 0;
    TRY_OR_GO(status, path_join(&path, folder, "results.json", error), done);
    if (!file_exists(path))
        goto done;
    TRY_OR_GO(status, json_read(&root, path, error), done);
    const json_t *seeds = json_object_get(root, "seeds");
    for (size_t i = 0; i < json_array_size(seeds) && i < most && status == BERT_OK; i++) {
        status = read_seed(&results->seeds[i], json_array_get(seeds, i), inputs, path, error);
        results->count += status == BERT_OK;
    }
done:
    json_decref(root);
    free(path);
    return status;
}

/* ------------------------------------------------------------------------------- the model --- */

static bert_status format_card(text *card, const finetune_inputs *inputs, const finished_seed *seed,
                               bert_error *error)
{
    const bert_finetune_params *params = inputs->params;
    const char *name = params->task ? params->task : params->train_file;
    const task_scores *scores = &seed->outcome.scores[0];
    TRY(text_format(card, error,
                    "---\nlibrary_name: transformers\npipeline_tag: text-classification\ntags:\n"
                    "- bert\n---\n\n# %s\n\nFine-tuned by bert.c %s from `%s`, on %s.\n\n"
                    "| | |\n| --- | --- |\n| examples | %zu |\n| seed | %" PRIu64 " |\n"
                    "| epoch | %d of %d |\n| batch | %d |\n| learning rate | %g, %s |\n",
                    name, bert_version(), params->model ? params->model : params->from_scratch,
                    name, inputs->train.examples.count, seed->seed, seed->outcome.best_epoch,
                    params->num_train_epochs, params->per_device_train_batch_size,
                    params->learning_rate, bert_lr_scheduler_name(params->lr_scheduler_type)));
    for (int i = 0; i < scores->count; i++)
        TRY(text_format(card, error, "| %s | %.4f |\n", scores->names[i], scores->values[i]));
    return BERT_OK;
}

static bert_status write_card(const finetune_inputs *inputs, const finished_seed *seed,
                              const char *folder, bert_error *error)
{
    text card = {0};
    char *path = NULL;
    bert_status status = format_card(&card, inputs, seed, error);
    if (status == BERT_OK)
        status = path_join(&path, folder, "README.md", error);
    if (status == BERT_OK)
        status = file_write(path, card.data, card.length, error);
    free(path);
    text_free(&card);
    return status;
}

static bert_status write_config(const finetune_inputs *inputs, const char *folder,
                                bert_error *error)
{
    char *names[CLASSES_MAX], *path;
    for (size_t i = 0; i < inputs->classes.count; i++)
        names[i] = (char *)(uintptr_t)finetune_class_name(inputs, i);
    const model_labels labels = {.names = names, .count = (int)inputs->classes.count};
    TRY(path_join(&path, folder, "config.json", error));
    bert_status status = model_config_write_labelled(
        &inputs->config, inputs->regression ? NULL : &labels, path, error);
    free(path);
    return status;
}

bert_status finetune_model_write(finetune_trainer *trainer, const finished_seed *seed,
                                 const char *folder, bert_error *error)
{
    static const char *const names[] = {
        "config.json",           "model.safetensors",       "vocab.txt", "tokenizer.json",
        "tokenizer_config.json", "special_tokens_map.json", "README.md"};
    const finetune_inputs *inputs = trainer->inputs;
    char *path;
    size_t longest = tokenizer_model_max_length(inputs->tokenizer);
    if (!longest)
        longest = (size_t)inputs->config.max_position_embeddings;
    TRY(tokenizer_save(inputs->tokenizer, folder, longest, error));
    TRY(write_config(inputs, folder, error));
    TRY(path_join(&path, folder, "model.safetensors", error));
    bert_status status =
        parameters_write(&inputs->table, model_weights(trainer->step.model), path, error);
    free(path);
    TRY(status);
    TRY(write_card(inputs, seed, folder, error));
    return manifest_write(folder, names, sizeof names / sizeof *names, error);
}

/* ------------------------------------------------------------------------------ submissions --- */

static bert_status format_answers(text *lines, const finetune_inputs *inputs,
                                  const answers *answers, size_t count, bert_error *error)
{
    bert_status status = text_format(lines, error, "index\tprediction\n");
    for (size_t i = 0; i < count && status == BERT_OK; i++)
        status = inputs->regression
                     ? text_format(lines, error, "%zu\t%.3f\n", i, answers->numbers[i])
                     : text_format(lines, error, "%zu\t%s\n", i,
                                   inputs->classes.names[answers->classes[i]]);
    return status;
}

/* GLUE's server takes similarities from 0 to 5 only. */
static void clamp_similarities(answers *answers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        answers->numbers[i] = fmax(0.0, fmin(5.0, answers->numbers[i]));
}

static bert_status write_submission(const finetune_inputs *inputs, const finetune_split *split,
                                    const answers *answers, const char *folder, bert_error *error)
{
    text lines = {0};
    char *path = NULL;
    bert_status status;
    TRY_OR_GO(status, format_answers(&lines, inputs, answers, split->examples.count, error), done);
    TRY_OR_GO(status, path_join(&path, folder, split->submission, error), done);
    status = file_write(path, lines.data, lines.length, error);
done:
    free(path);
    text_free(&lines);
    return status;
}

/* All ranks answer, rank 0 writes. */
static bert_status submit_split(finetune_trainer *trainer, const finetune_split *split,
                                const char *folder, bert_error *error)
{
    const finetune_inputs *inputs = trainer->inputs;
    answers answers;
    bert_status status = BERT_OK;
    TRY(finetune_answer(trainer, split, &answers, error));
    if (inputs->task && inputs->regression)
        clamp_similarities(&answers, split->examples.count);
    if (bert_job_rank(trainer->job) == 0)
        status = write_submission(inputs, split, &answers, folder, error);
    answers_free(&answers);
    return job_sync_status(trainer->job, status, error);
}

bert_status finetune_submit(finetune_trainer *trainer, const char *folder, bert_error *error)
{
    for (size_t i = 0; i < trainer->inputs->test_count; i++)
        TRY(submit_split(trainer, &trainer->inputs->test[i], folder, error));
    return BERT_OK;
}
