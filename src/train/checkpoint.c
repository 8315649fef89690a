#include "train/checkpoint.h"

#include "base/file.h"
#include "base/memory.h"
#include "model/weights.h"
#include "train/manifest.h"
#include "train/model_card.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bert_status checkpoint_path(char **path, const char *run, int64_t step, bert_error *error)
{
    char name[40];
    snprintf(name, sizeof name, "checkpoint-%" PRId64, step);
    return path_join(path, run, name, error);
}

/* What a checkpoint holds. The first MODEL_FILES make the model that others load. */
static const char *const file_names[] = {
    "config.json",           "model.safetensors",       "vocab.txt",          "tokenizer.json",
    "tokenizer_config.json", "special_tokens_map.json", "trainer_state.json", "README.md",
    "optimizer.safetensors",
};
enum { MODEL_FILES = 6, FILE_COUNT = sizeof file_names / sizeof file_names[0] };

/* ---------------------------------------------------------------------------- save and load --- */

typedef bert_status file_action(const char *path, const checkpoint_content *content,
                                bert_error *error);

static bert_status with_file(const char *directory, const char *name, file_action *action,
                             const checkpoint_content *content, bert_error *error)
{
    char *path;
    TRY(path_join(&path, directory, name, error));
    bert_status status = action(path, content, error);
    free(path);
    return status;
}

static bert_status write_config(const char *path, const checkpoint_content *content,
                                bert_error *error)
{
    return model_config_write(content->config, path, error);
}

static bert_status write_model(const char *path, const checkpoint_content *content,
                               bert_error *error)
{
    return parameters_write(content->table, content->values, path, error);
}

static bert_status write_state(const char *path, const checkpoint_content *content,
                               bert_error *error)
{
    return train_state_write(content->state, content->settings, path, error);
}

static bert_status write_optimizer(const char *path, const checkpoint_content *content,
                                   bert_error *error)
{
    return optimizer_write(content->optimizer, content->state->step, path, error);
}

static bert_status write_card(const char *path, const checkpoint_content *content,
                              bert_error *error)
{
    return model_card_write(content, path, error);
}

static bert_status write_files(const char *directory, const checkpoint_content *content,
                               bert_error *error)
{
    TRY(tokenizer_save(content->tokenizer, directory,
                       (size_t)content->config->max_position_embeddings, error));
    TRY(with_file(directory, "config.json", write_config, content, error));
    TRY(with_file(directory, "model.safetensors", write_model, content, error));
    TRY(with_file(directory, "trainer_state.json", write_state, content, error));
    TRY(with_file(directory, "README.md", write_card, content, error));
    TRY(manifest_write(directory, file_names, FILE_COUNT, error));
    return directory_sync(directory, error);
}

/* Collective: every rank of a job holds a shard of the optimizer's state. */
static bert_status save_optimizer(const char *directory, const checkpoint_content *content,
                                  bert_error *error)
{
    bert_job *job = content->optimizer->job;
    bert_status status = BERT_OK;
    if (bert_job_rank(job) == 0) {
        status = directory_remove(directory, error);
        if (status == BERT_OK)
            status = directory_create(directory, error);
    }
    TRY(job_sync_status(job, status, error));
    status = with_file(directory, "optimizer.safetensors", write_optimizer, content, error);
    return job_sync_status(job, status, error);
}

static bert_status save_others(const char *run, const char *partial, const char *final,
                               const checkpoint_content *content, bert_error *error)
{
    TRY(write_files(partial, content, error));
    if (rename(partial, final) != 0)
        return error_set_errno(error, errno, "%s: cannot rename %s to it", final, partial);
    return directory_sync(run, error);
}

bert_status checkpoint_save(const char *run, const checkpoint_content *content, bert_error *error)
{
    bert_job *job = content->optimizer->job;
    char *partial = NULL, *final = NULL;
    int64_t step = content->state->step;
    bert_status status;
    TRY_OR_GO(status, path_format(&partial, error, "%s/.checkpoint-%" PRId64 ".partial", run, step),
              done);
    TRY_OR_GO(status, checkpoint_path(&final, run, step, error), done);
    TRY_OR_GO(status, save_optimizer(partial, content, error), done);
    if (bert_job_rank(job) == 0)
        status = save_others(run, partial, final, content, error);
    status = job_sync_status(job, status, error);
done:
    if (status != BERT_OK && partial && bert_job_rank(job) == 0)
        directory_remove(partial, NULL);
    free(final);
    free(partial);
    return status;
}

static bert_status read_model(const char *path, const checkpoint_content *content,
                              bert_error *error)
{
    return weights_load(content->table, content->config, content->values, path,
                        &(weights_options){0}, error);
}

static bert_status read_state(const char *path, const checkpoint_content *content,
                              bert_error *error)
{
    return train_state_read(content->state, path, error);
}

static bert_status read_optimizer(const char *path, const checkpoint_content *content,
                                  bert_error *error)
{
    return optimizer_read(content->optimizer, content->state->step, path, error);
}

bert_status checkpoint_load(const char *directory, const checkpoint_content *content,
                            bert_error *error)
{
    TRY(manifest_verify(directory, file_names, FILE_COUNT, error));
    TRY(with_file(directory, "trainer_state.json", read_state, content, error));
    TRY(with_file(directory, "model.safetensors", read_model, content, error));
    return with_file(directory, "optimizer.safetensors", read_optimizer, content, error);
}

bert_status checkpoint_verify_model(const char *directory, bert_error *error)
{
    char *manifest;
    TRY(path_join(&manifest, directory, MANIFEST_NAME, error));
    bool known = file_exists(manifest);
    free(manifest);
    return known ? manifest_verify(directory, file_names, MODEL_FILES, error) : BERT_OK;
}

/* --------------------------------------------------------------- the checkpoints of a run --- */

/* The step of "checkpoint-N" without leading zeros; -1 for any other name. */
static int64_t parse_name(const char *name)
{
    static const char prefix[] = "checkpoint-";
    if (strncmp(name, prefix, strlen(prefix)) != 0)
        return -1;
    const char *digits = name + strlen(prefix);
    size_t length = strspn(digits, "0123456789");
    if (length == 0 || length > 18 || digits[length] || digits[0] == '0')
        return -1;
    return strtoll(digits, NULL, 10);
}

static int compare_steps(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

bert_status checkpoint_steps(int64_t **steps, size_t *count, const char *run, bert_error *error)
{
    *steps = NULL;
    *count = 0;
    size_t capacity = 0;
    DIR *directory = opendir(run);
    if (!directory)
        return error_set_errno(error, errno, "%s: cannot list the directory", run);
    bert_status status = BERT_OK;
    for (struct dirent *entry; status == BERT_OK && (entry = readdir(directory));) {
        struct stat information;
        int64_t step = parse_name(entry->d_name);
        if (step < 0 || fstatat(dirfd(directory), entry->d_name, &information, 0) != 0 ||
            !S_ISDIR(information.st_mode))
            continue;
        status = memory_grow((void **)steps, &capacity, *count + 1, sizeof **steps,
                             "names of checkpoints", error);
        if (status == BERT_OK)
            (*steps)[(*count)++] = step;
    }
    closedir(directory);
    if (*count)
        qsort(*steps, *count, sizeof **steps, compare_steps);
    return status;
}

bert_status checkpoint_last(char **directory, const char *run, bert_error *error)
{
    int64_t *steps;
    size_t count;
    *directory = NULL;
    bert_status status = checkpoint_steps(&steps, &count, run, error);
    if (status == BERT_OK && count)
        status = checkpoint_path(directory, run, steps[count - 1], error);
    free(steps);
    return status;
}

bert_status checkpoint_find_model(char **directory, const char *path, bert_error *error)
{
    char *run_file;
    *directory = NULL;
    TRY(path_join(&run_file, path, "run.json", error));
    bool is_run = file_exists(run_file);
    free(run_file);
    if (!is_run)
        return path_format(directory, error, "%s", path);
    TRY(checkpoint_last(directory, path, error));
    if (!*directory)
        return error_set(error, BERT_ERROR_INPUT, "%s: this run has no checkpoint yet", path);
    return BERT_OK;
}

/* Renamed first: after a crash there is a hidden directory, not half a checkpoint. */
static bert_status remove_checkpoint(const char *run, int64_t step, bert_error *error)
{
    char *path = NULL, *hidden = NULL;
    bert_status status;
    TRY_OR_GO(status, checkpoint_path(&path, run, step, error), done);
    TRY_OR_GO(status, path_format(&hidden, error, "%s/.checkpoint-%" PRId64 ".removed", run, step),
              done);
    if (rename(path, hidden) != 0)
        status = error_set_errno(error, errno, "%s: cannot remove", path);
    else
        status = directory_remove(hidden, error);
done:
    free(hidden);
    free(path);
    return status;
}

bert_status checkpoint_prune(const char *run, int limit, int64_t best_step, bert_error *error)
{
    if (limit <= 0)
        return BERT_OK;
    int64_t *steps;
    size_t count;
    bert_status status = checkpoint_steps(&steps, &count, run, error);
    for (size_t i = 0; status == BERT_OK && i + (size_t)limit < count; i++)
        if (steps[i] != best_step)
            status = remove_checkpoint(run, steps[i], error);
    free(steps);
    return status;
}

static bool is_leftover(const char *name)
{
    static const char hidden[] = ".checkpoint-", partial[] = ".partial";
    size_t length = strlen(name);
    return strncmp(name, hidden, strlen(hidden)) == 0 ||
           (length > strlen(partial) && strcmp(name + length - strlen(partial), partial) == 0);
}

bert_status checkpoint_clean(const char *run, bert_error *error)
{
    DIR *directory = opendir(run);
    if (!directory)
        return error_set_errno(error, errno, "%s: cannot list the directory", run);
    bert_status status = BERT_OK;
    for (struct dirent *entry; status == BERT_OK && (entry = readdir(directory));) {
        char *path;
        if (!is_leftover(entry->d_name))
            continue;
        status = path_join(&path, run, entry->d_name, error);
        if (status == BERT_OK)
            status = directory_remove(path, error); /* takes a file as well */
        free(path);
    }
    closedir(directory);
    return status;
}
