/* bert_inspect_model: what a folder of a model or a file of weights holds, without its numbers. */
#include "bert.h"

#include "base/memory.h"
#include "formats/json.h"
#include "model/folder.h"
#include "model/weights_match.h"
#include "options/options.h"
#include "train/checkpoint.h"
#include "train/manifest.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)BERT_TENSOR_DIMENSIONS == (int)SAFETENSORS_MAX_DIMENSIONS,
               "shapes of the report hold those of files");

enum { VERIFY_UNASKED = 1 << 30 }; /* bytes whose checksums are compared without being asked to */

static bool folder_has(const char *folder, const char *name)
{
    char *path;
    if (path_join(&path, folder, name, NULL) != BERT_OK)
        return false;
    bool found = file_exists(path) && !path_is_directory(path);
    free(path);
    return found;
}

static bert_status keep_text(char **out, const char *content, bert_error *error)
{
    return path_format(out, error, "%s", content);
}

/* ---------------------------------------------------------------------------------- detect --- */

/* A header of safetensors, a zip archive by a name that torch.save is given, the first bytes of
 * what torch.save wrote before PyTorch 1.6, or the name of a TensorFlow checkpoint. */
static bool is_weights(const char *path)
{
    if (model_names_checkpoint(path))
        return true;
    static const unsigned char legacy[] = {0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46};
    unsigned char head[9] = {0};
    FILE *file = path_is_directory(path) ? NULL : fopen(path, "rb");
    if (!file)
        return false;
    size_t length = fread(head, 1, sizeof head, file);
    fclose(file);
    const char *end = strrchr(path, '.');
    bool torch_name =
        end && (strcmp(end, ".bin") == 0 || strcmp(end, ".pt") == 0 || strcmp(end, ".pth") == 0);
    return (length == sizeof head && head[8] == '{' && end && strcmp(end, ".safetensors") == 0) ||
           (length >= 4 && torch_name && memcmp(head, "PK\3\4", 4) == 0) ||
           (length >= sizeof legacy && memcmp(head, legacy, sizeof legacy) == 0);
}

static bool has_weights(const char *folder)
{
    return folder_has(folder, "model.safetensors") ||
           folder_has(folder, "model.safetensors.index.json") ||
           folder_has(folder, "pytorch_model.bin") ||
           folder_has(folder, "pytorch_model.bin.index.json") ||
           folder_has(folder, "bert_model.ckpt.index");
}

static bool has_config(const char *folder)
{
    return folder_has(folder, "config.json") || folder_has(folder, "bert_config.json");
}

bool bert_inspect_model_detect(const char *path)
{
    return folder_has(path, "run.json") || has_config(path) || has_weights(path) ||
           is_weights(path);
}

/* --------------------------------------------------------------------------------- weights --- */

static const char *const part_names[BERT_MODEL_PARTS] = {
    [BERT_MODEL_EMBEDDINGS] = "embeddings", [BERT_MODEL_LAYERS] = "layers",
    [BERT_MODEL_POOLER] = "pooler",         [BERT_MODEL_MLM_HEAD] = "MLM head",
    [BERT_MODEL_NSP_HEAD] = "NSP head",     [BERT_MODEL_CLASSIFIER] = "classifier",
    [BERT_MODEL_OTHER] = "other",
};

const char *bert_model_part_name(bert_model_part part)
{
    return part_names[part];
}

const char *bert_tensor_use_name(bert_tensor_use use)
{
    static const char *const names[] = {
        [BERT_TENSOR_USED] = "used",     [BERT_TENSOR_COPY] = "copy",
        [BERT_TENSOR_BUFFER] = "buffer", [BERT_TENSOR_UNUSED] = "unused",
        [BERT_TENSOR_MISFIT] = "misfit",
    };
    return names[use];
}

static bert_model_part part_of(parameter_role role)
{
    return role <= ROLE_EMBEDDING_NORM   ? BERT_MODEL_EMBEDDINGS
           : role_is_in_layer(role)      ? BERT_MODEL_LAYERS
           : role == ROLE_POOLER         ? BERT_MODEL_POOLER
           : role <= ROLE_TRANSFORM_NORM ? BERT_MODEL_MLM_HEAD
           : role == ROLE_NSP_HEAD       ? BERT_MODEL_NSP_HEAD
                                         : BERT_MODEL_CLASSIFIER;
}

/* By the name alone, for tensors of no known configuration; longer prefixes first. */
static bert_model_part part_of_name(const char *name, model_family family)
{
    static const struct {
        const char *start;
        bert_model_part part;
    } starts[] = {
        {"embeddings.", BERT_MODEL_EMBEDDINGS},    {"encoder.layer.", BERT_MODEL_LAYERS},
        {"transformer.layer.", BERT_MODEL_LAYERS}, {"pooler.", BERT_MODEL_POOLER},
        {"pre_classifier.", BERT_MODEL_POOLER},    {"cls.predictions.", BERT_MODEL_MLM_HEAD},
        {"vocab_", BERT_MODEL_MLM_HEAD},           {"cls.seq_relationship.", BERT_MODEL_NSP_HEAD},
        {"classifier.", BERT_MODEL_CLASSIFIER},
    };
    const char *prefix = family_prefix(family);
    if (strncmp(name, prefix, strlen(prefix)) == 0)
        name += strlen(prefix);
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (strncmp(name, starts[i].start, strlen(starts[i].start)) == 0)
            return starts[i].part;
    return BERT_MODEL_OTHER;
}

static const char *type_name(safetensors_type type)
{
    static const char *const names[] = {
        [SAFETENSORS_F32] = "F32", [SAFETENSORS_F16] = "F16",     [SAFETENSORS_BF16] = "BF16",
        [SAFETENSORS_F64] = "F64", [SAFETENSORS_I64] = "I64",     [SAFETENSORS_I32] = "I32",
        [SAFETENSORS_U8] = "U8",   [SAFETENSORS_OTHER] = "other",
    };
    return names[type];
}

/* Where there is a configuration, a table of its parameters. */
typedef struct expectation {
    bool known;
    model_config config;
    parameter_table table;
} expectation;

static void classify(bert_tensor_report *report, const weight_tensor *found,
                     const expectation *expected)
{
    static const bert_tensor_use uses[] = {
        [WEIGHT_USED] = BERT_TENSOR_USED,        [WEIGHT_COPY] = BERT_TENSOR_COPY,
        [WEIGHT_BUFFER] = BERT_TENSOR_BUFFER,    [WEIGHT_UNUSED] = BERT_TENSOR_UNUSED,
        [WEIGHT_MISSHAPEN] = BERT_TENSOR_MISFIT, [WEIGHT_MISPLACED] = BERT_TENSOR_MISFIT,
    };
    report->part = part_of_name(found->name, expected->config.family);
    if (!expected->known)
        return;
    const parameter *entry;
    weight_use use = weight_use_of(&expected->table, found, &entry);
    report->use = uses[use];
    if (entry && use != WEIGHT_COPY)
        report->part = part_of(entry->role);
}

static bert_status report_tensor(bert_tensor_report *report, const weight_tensor *found,
                                 const expectation *expected, bert_error *error)
{
    const safetensors_tensor *tensor = found->tensor;
    const char *slash = strrchr(found->path, '/');
    *report = (bert_tensor_report){.type = type_name(tensor->type),
                                   .dimensions = tensor->dimensions,
                                   .numbers = 1,
                                   .bytes = tensor->bytes};
    for (int i = 0; i < tensor->dimensions; i++) {
        report->shape[i] = tensor->shape[i];
        report->numbers *= tensor->shape[i]; /* the file's reader held it against its bytes */
    }
    classify(report, found, expected);
    TRY(keep_text(&report->name, tensor->name, error));
    return keep_text(&report->file, slash ? slash + 1 : found->path, error);
}

static void count_parameters(bert_model_report *report, bert_model_part part, uint64_t count)
{
    report->parameters[part] += count;
    report->parameter_count += count;
}

static bert_status report_tensors(bert_model_report *report, const weight_files *files,
                                  const expectation *expected, bert_error *error)
{
    TRY(memory_array((void **)&report->tensors, files->count, sizeof *report->tensors, "tensors",
                     error));
    for (size_t i = 0; i < files->count; i++) {
        bert_tensor_report *tensor = &report->tensors[report->tensor_count++];
        TRY(report_tensor(tensor, &files->tensors[i], expected, error));
        report->weight_bytes += tensor->bytes;
        if (tensor->use != BERT_TENSOR_COPY && tensor->use != BERT_TENSOR_BUFFER)
            count_parameters(report, tensor->part, tensor->numbers);
    }
    return BERT_OK;
}

static bert_status report_missing(bert_model_report *report, const weight_files *files,
                                  const parameter_table *table, bert_error *error)
{
    TRY(memory_array((void **)&report->missing, table->count, sizeof *report->missing,
                     "missing tensors", error));
    for (size_t i = 0; i < table->count; i++)
        if (!weight_of_parameter(table, files, &table->entries[i]))
            TRY(keep_text(&report->missing[report->missing_count++], table->entries[i].name,
                          error));
    return BERT_OK;
}

/* A file of weights alone does not say whose it is, but for the names of its layers. */
static bert_status open_files(weight_files *files, expectation *expected, const char *path,
                              bert_error *error)
{
    TRY(weight_files_open(files, expected->config.family, path, error));
    if (expected->known)
        return BERT_OK;
    bool distil = false;
    for (size_t i = 0; i < files->count; i++)
        distil = distil || strstr(files->tensors[i].name, "transformer.layer.");
    if (!distil)
        return BERT_OK;
    weight_files_close(files);
    expected->config.family = MODEL_DISTILBERT;
    return weight_files_open(files, MODEL_DISTILBERT, path, error);
}

/* A folder whose weights are not there is described all the same. */
static bert_status report_weights(bert_model_report *report, expectation *expected,
                                  bert_error *error)
{
    weight_files files;
    bert_error reason = {0};
    bert_status status = open_files(&files, expected, report->path, &reason);
    if (status == BERT_ERROR_IO && expected->known) {
        for (size_t i = 0; i < expected->table.count; i++) {
            const parameter *entry = &expected->table.entries[i];
            count_parameters(report, part_of(entry->role), entry->count);
        }
        return keep_text(&report->weights_problem, reason.message, error);
    }
    if (status != BERT_OK)
        return error_set(error, status, "%s", reason.message);
    status = report_tensors(report, &files, expected, error);
    if (status == BERT_OK && expected->known)
        status = report_missing(report, &files, &expected->table, error);
    weight_files_close(&files);
    return status;
}

/* --------------------------------------------------------------------------- configuration --- */

static bert_status report_config(bert_model_report *report, const char *folder,
                                 expectation *expected, bert_error *error)
{
    char *path;
    model_config *config = &expected->config;
    TRY(model_find_config(&path, folder, error));
    bert_status status = model_config_read(config, path, error);
    model_labels labels = {0};
    if (status == BERT_OK && config->head == MODEL_HEAD_CLASSIFICATION)
        status = model_labels_read(&labels, config->num_labels, path, error);
    free(path);
    TRY(status);
    report->config = (bert_config_report){
        .architecture = model_config_architecture(config),
        .vocab_size = config->vocab_size,
        .hidden_size = config->hidden_size,
        .num_hidden_layers = config->num_hidden_layers,
        .num_attention_heads = config->num_attention_heads,
        .intermediate_size = config->intermediate_size,
        .max_position_embeddings = config->max_position_embeddings,
        .type_vocab_size = config->type_vocab_size,
        .num_labels = labels.count,
        .labels = labels.names, /* the report's from here on */
        .regression =
            config->head == MODEL_HEAD_CLASSIFICATION && config->problem == MODEL_REGRESSION,
    };
    TRY(parameter_table_create(&expected->table, config, error));
    expected->known = true;
    return BERT_OK;
}

/* ------------------------------------------------------------------------------- tokenizer --- */

static bert_status report_tokenizer(bert_model_report *report, const char *folder,
                                    bert_error *error)
{
    report->has_tokenizer = folder_has(folder, "tokenizer.json") || folder_has(folder, "vocab.txt");
    if (!report->has_tokenizer)
        return BERT_OK;
    bert_tokenizer *tokenizer;
    bert_error reason = {0};
    bert_status status = bert_tokenizer_load(&tokenizer, folder, NULL, &reason);
    if (status != BERT_OK)
        return keep_text(&report->tokenizer_problem, reason.message, error);
    bert_tokenizer_describe(tokenizer, &report->tokenizer);
    bert_tokenizer_free(tokenizer);
    if (report->config.architecture &&
        report->tokenizer.vocab_size > (size_t)report->config.vocab_size)
        return path_format(&report->tokenizer_problem, error,
                           "it has %zu tokens, but the model's vocab_size is %d",
                           report->tokenizer.vocab_size, report->config.vocab_size);
    return BERT_OK;
}

/* -------------------------------------------------------------------------------- training --- */

/* A number where there is one, as everybody's trainer writes them; null and other kinds are none.
 */
static void take_number(const json_t *object, const char *key, double *out)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_number(value))
        *out = json_number_value(value);
}

static void take_count(const json_t *object, const char *key, int64_t *out)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_integer(value) && json_integer_value(value) >= 0)
        *out = json_integer_value(value);
}

/* The keys are those of `transformers`, which has the last loss in the history alone. */
static bert_status read_state(bert_training_report *training, const char *folder, bert_error *error)
{
    char *path;
    json_t *root = NULL;
    TRY(path_join(&path, folder, "trainer_state.json", error));
    bert_status status = json_read(&root, path, error);
    free(path);
    TRY(status);
    const json_t *history = json_object_get(root, "log_history");
    for (size_t i = 0; i < json_array_size(history); i++) {
        take_number(json_array_get(history, i), "loss", &training->train_loss);
        take_number(json_array_get(history, i), "eval_loss", &training->eval_loss);
    }
    take_count(root, "global_step", &training->step);
    take_count(root, "max_steps", &training->max_steps);
    take_count(root, "tokens", &training->tokens);
    take_number(root, "epoch", &training->epoch);
    take_number(root, "train_loss", &training->train_loss);
    take_number(root, "eval_loss", &training->eval_loss);
    take_number(root, "best_metric", &training->best_loss);
    take_count(root, "best_global_step", &training->best_step);
    json_decref(root);
    return BERT_OK;
}

static bert_status read_run(bert_training_report *training, const char *run, bert_error *error)
{
    run_settings settings;
    bert_status status = settings_read(&settings, run, error);
    if (status == BERT_OK) {
        training->seed = (int64_t)settings.params.seed;
        training->max_steps = settings.total_steps;
    }
    settings_free(&settings);
    return status;
}

/* Of a fine-tuned model the seed and the epoch whose weights were kept: the best of those that
 * began like it, from a model where any did. */
static bert_status read_results(bert_training_report *training, const char *folder,
                                bert_error *error)
{
    char *path;
    json_t *root = NULL;
    TRY(path_join(&path, folder, "results.json", error));
    bert_status status = json_read(&root, path, error);
    free(path);
    TRY(status);
    const json_t *seeds = json_object_get(root, "seeds");
    bool from_model = json_object_get(root, "model") != NULL;
    double best = -DBL_MAX;
    for (size_t i = 0; i < json_array_size(seeds); i++) {
        const json_t *seed = json_array_get(seeds, i);
        const char *start = json_string_value(json_object_get(seed, "start"));
        double score = -DBL_MAX;
        take_number(seed, "judged_by", &score);
        if (!start || (strcmp(start, "model") == 0) != from_model ||
            (training->seed >= 0 && score <= best))
            continue;
        best = score;
        take_count(seed, "seed", &training->seed);
        take_number(seed, "best_epoch", &training->epoch);
    }
    json_decref(root);
    return BERT_OK;
}

/* The seed is in the run that a checkpoint belongs to. */
static bert_status read_run_around(bert_training_report *training, const char *folder,
                                   bert_error *error)
{
    char *parent;
    TRY(path_join(&parent, folder, "..", error));
    bert_status status =
        folder_has(parent, "run.json") ? read_run(training, parent, error) : BERT_OK;
    free(parent);
    return status;
}

static bert_status report_training(bert_model_report *report, const char *folder, bert_error *error)
{
    bert_training_report *training = &report->training;
    *training = (bert_training_report){
        .step = -1,
        .max_steps = -1,
        .epoch = NAN,
        .train_loss = NAN,
        .eval_loss = NAN,
        .best_loss = NAN,
        .best_step = -1,
        .seed = -1,
        .tokens = -1,
    };
    if (folder_has(folder, "trainer_state.json")) {
        report->has_training = true;
        TRY(read_state(training, folder, error));
        return read_run_around(training, folder, error);
    }
    report->has_training =
        folder_has(folder, "results.json") && folder_has(folder, "finetune.json");
    return report->has_training ? read_results(training, folder, error) : BERT_OK;
}

static bert_status report_manifest(bert_model_report *report, const char *folder,
                                   bert_switch verify, bert_error *error)
{
    report->has_manifest = folder_has(folder, MANIFEST_NAME);
    if (!report->has_manifest)
        return BERT_OK;
    uint64_t limit = verify == BERT_ON ? UINT64_MAX : verify == BERT_OFF ? 0 : VERIFY_UNASKED;
    manifest_report manifest;
    TRY(manifest_verify_all(&manifest, folder, limit, error));
    report->manifest_files = manifest.files;
    report->manifest_bytes = manifest.bytes;
    report->manifest_verified = manifest.verified;
    return BERT_OK;
}

/* ------------------------------------------------------------------------------------- all --- */

bert_inspect_model_params bert_inspect_model_params_default(void)
{
    return (bert_inspect_model_params){.verify = BERT_UNSET};
}

static bert_model_kind kind_of(const char *folder)
{
    return folder_has(folder, "trainer_state.json") ? BERT_KIND_CHECKPOINT
           : folder_has(folder, "finetune.json")    ? BERT_KIND_FINETUNED
                                                    : BERT_KIND_MODEL;
}

/* A run without a checkpoint has its configuration. */
static bert_status find_folder(bert_model_report *report, const char *path, bert_error *error)
{
    if (!folder_has(path, "run.json")) {
        report->kind = has_config(path) ? kind_of(path) : BERT_KIND_WEIGHTS;
        return keep_text(&report->path, path, error);
    }
    report->kind = BERT_KIND_RUN;
    TRY(checkpoint_steps(&report->checkpoints, &report->checkpoint_count, path, error));
    return report->checkpoint_count > 0 ? checkpoint_last(&report->path, path, error)
                                        : keep_text(&report->path, path, error);
}

static bert_status inspect(const bert_inspect_model_params *params, bert_model_report *report,
                           expectation *expected, bert_error *error)
{
    if (!file_exists(params->path) && !model_names_checkpoint(params->path))
        return error_set(error, BERT_ERROR_IO, "%s: no such file or folder", params->path);
    TRY(find_folder(report, params->path, error));
    const char *folder = report->path;
    if (report->kind == BERT_KIND_WEIGHTS)
        return report_weights(report, expected, error);
    TRY(report_manifest(report, folder, params->verify, error));
    TRY(report_config(report, folder, expected, error));
    TRY(report_weights(report, expected, error));
    TRY(report_tokenizer(report, folder, error));
    TRY(report_training(report, folder, error));
    return report->kind == BERT_KIND_RUN ? read_run(&report->training, params->path, error)
                                         : BERT_OK;
}

bert_status bert_inspect_model(const bert_inspect_model_params *params, bert_model_report *report,
                               bert_error *error)
{
    expectation expected = {0};
    *report = (bert_model_report){0};
    TRY(OPTIONS_CHECK(bert_inspect_model_params, params, error));
    bert_status status = inspect(params, report, &expected, error);
    parameter_table_free(&expected.table);
    return status;
}

void bert_model_report_free(bert_model_report *report)
{
    for (int i = 0; i < report->config.num_labels; i++)
        free(report->config.labels[i]);
    free(report->config.labels);
    for (size_t i = 0; i < report->tensor_count; i++) {
        free(report->tensors[i].name);
        free(report->tensors[i].file);
    }
    free(report->tensors);
    for (size_t i = 0; i < report->missing_count; i++)
        free(report->missing[i]);
    free(report->missing);
    free(report->path);
    free(report->weights_problem);
    free(report->tokenizer_problem);
    free(report->checkpoints);
    *report = (bert_model_report){0};
}
