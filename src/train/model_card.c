#include "train/model_card.h"

#include "base/file.h"
#include "optim/schedule.h"
#include "train/batch_size.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* What --data named, a line each, without folders: these say nothing to others. */
static bert_status add_data_names(text *card, const char *data, bert_error *error)
{
    for (const char *line = data; line;) {
        const char *end = strchr(line, '\n'), *name = line;
        size_t length = end ? (size_t)(end - line) : strlen(line);
        while (length > 1 && line[length - 1] == '/')
            length--;
        for (const char *c = line; c + 1 < line + length; c++)
            if (*c == '/')
                name = c + 1;
        TRY(text_format(card, error, "%s`%.*s`", line > data ? ", " : "",
                        (int)(line + length - name), name));
        line = end ? end + 1 : NULL;
    }
    return BERT_OK;
}

static bert_status add_head(text *card, const checkpoint_content *content, bert_error *error)
{
    const model_config *config = content->config;
    const split_fingerprint *data = &content->settings->data.train;
    uint64_t parameters = 0;
    for (size_t i = 0; i < content->table->count; i++)
        parameters += content->table->entries[i].count;
    TRY(text_format(card, error,
                    "---\nlibrary_name: transformers\npipeline_tag: fill-mask\ntags:\n- %s\n"
                    "- fill-mask\n---\n\n# %s, %d layers of %d\n\n"
                    "Pre-trained from raw text by bert.c %s with masked-language modelling%s.\n\n",
                    config->family == MODEL_DISTILBERT ? "distilbert" : "bert",
                    config->family == MODEL_DISTILBERT ? "DistilBERT" : "BERT",
                    config->num_hidden_layers, config->hidden_size, bert_version(),
                    config->next_sentence_prediction ? " and next-sentence prediction" : ""));
    TRY(text_format(
        card, error,
        "## Model\n\n| | |\n| --- | --- |\n| parameters | %" PRIu64 " |\n| layers | %d |\n"
        "| hidden size | %d |\n| attention heads | %d |\n| intermediate size | %d |\n"
        "| vocabulary | %d tokens |\n| positions | %d |\n\n"
        "## Data\n\n",
        parameters, config->num_hidden_layers, config->hidden_size, config->num_attention_heads,
        config->intermediate_size, config->vocab_size, config->max_position_embeddings));
    if (!content->settings->params.data)
        return text_format(card, error, "Batches of a program's own.\n\n");
    TRY(add_data_names(card, content->settings->params.data, error));
    return text_format(card, error,
                       ": %" PRIu64 " documents, %" PRIu64 " sentences, %" PRIu64 " tokens.\n\n",
                       data->documents, data->sentences, data->tokens);
}

/* What the schedule reads beside the highest rate and the warm-up, by the options' names. */
static bert_status add_schedule_figures(text *card, const bert_pretrain_params *params,
                                        bert_error *error)
{
    const struct {
        schedule_figure figure;
        const char *name;
        double value;
    } figures[] = {
        {SCHEDULE_END, "lr_end", params->lr_end},
        {SCHEDULE_POWER, "lr_power", params->lr_power},
        {SCHEDULE_CYCLES, "lr_num_cycles", (double)params->lr_num_cycles},
        {SCHEDULE_PCT_START, "pct_start", params->pct_start},
        {SCHEDULE_DIV_FACTOR, "div_factor", params->div_factor},
        {SCHEDULE_FINAL_DIV_FACTOR, "final_div_factor", params->final_div_factor},
        {SCHEDULE_DECAY_RATIO, "lr_decay_ratio", params->lr_decay_ratio},
    };
    const schedule_type *type;
    TRY(schedule_type_find(&type, bert_lr_scheduler_name(params->lr_scheduler_type), error));
    const char *separator = " (";
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        if (type->figures & figures[i].figure) {
            TRY(text_format(card, error, "%s%s %g", separator, figures[i].name, figures[i].value));
            separator = ", ";
        }
    if (type->figures & SCHEDULE_DECAY_TYPE)
        TRY(text_format(card, error, ", lr_decay_type %s",
                        bert_lr_decay_name(params->lr_decay_type)));
    return type->figures ? text_format(card, error, ")") : BERT_OK;
}

static bert_status add_learning_rate(text *card, const run_settings *settings, bert_error *error)
{
    const bert_pretrain_params *params = &settings->params;
    TRY(text_format(card, error, "| learning rate | %g, ", params->learning_rate));
    if (params->base_batch_size > 0)
        TRY(text_format(card, error, "given for %" PRId64 " sequences, scaling %s, ",
                        params->base_batch_size,
                        bert_learning_rate_scaling_name(params->learning_rate_scaling)));
    TRY(text_format(card, error, "%s", bert_lr_scheduler_name(params->lr_scheduler_type)));
    TRY(add_schedule_figures(card, params, error));
    return text_format(card, error, ", %" PRId64 " steps of warm-up |\n", settings->warmup_steps);
}

static bert_status add_optimizer(text *card, const bert_pretrain_params *params, bert_error *error)
{
    TRY(text_format(card, error, "| optimizer | %s, ", bert_optimizer_name(params->optim)));
    if (params->optim == BERT_OPTIMIZER_MUON)
        TRY(text_format(card, error, "momentum %g, %s, ", params->muon_momentum,
                        bert_muon_adjustment_name(params->muon_adjust_lr_fn)));
    return text_format(card, error, "betas %g and %g, epsilon %g, weight decay %g |\n",
                       params->adam_beta1, params->adam_beta2, params->adam_epsilon,
                       params->weight_decay);
}

static bert_status add_training(text *card, const checkpoint_content *content, bert_error *error)
{
    const run_settings *settings = content->settings;
    const bert_pretrain_params *params = &settings->params;
    const train_state *state = content->state;
    TRY(text_format(card, error,
                    "## Training\n\n| | |\n| --- | --- |\n| steps | %" PRId64 " of %" PRId64 " |\n"
                    "| epochs | %.2f |\n| tokens seen | %" PRIu64 " |\n| sequences in a step | ",
                    state->step, settings->total_steps, settings_epoch(settings, state->step),
                    state->tokens));
    TRY(batch_size_describe(card, settings, settings->batch_count > 1, error));
    TRY(text_format(card, error,
                    " |\n| sequence length | %d, short with probability %g |\n"
                    "| masked | %g of the tokens |\n",
                    params->max_seq_length, params->short_seq_probability,
                    params->mlm_probability));
    TRY(add_optimizer(card, params, error));
    TRY(add_learning_rate(card, settings, error));
    return text_format(
        card, error,
        "| gradient norm | %s%.3g |\n| dropout | %g hidden, %g attention |\n| seed | %" PRIu64
        " |\n\n",
        params->max_grad_norm > 0 ? "clipped to " : "not clipped, limit ", params->max_grad_norm,
        content->config->hidden_dropout_prob, content->config->attention_probs_dropout_prob,
        params->seed);
}

static bert_status add_measure(text *card, const json_t *line, const char *key, const char *name,
                               bert_error *error)
{
    const json_t *value = json_object_get(line, key);
    if (!json_is_number(value))
        return BERT_OK;
    return text_format(card, error, "| %s | %.4f |\n", name, json_number_value(value));
}

static bert_status add_evaluation(text *card, const train_state *state, bert_error *error)
{
    const json_t *line = state->last_evaluation;
    if (!line)
        return text_format(card, error, "## Evaluation\n\nNot evaluated yet.\n\n");
    TRY(text_format(card, error,
                    "## Evaluation\n\nOn held-out documents, after step %" JSON_INTEGER_FORMAT
                    ", %" JSON_INTEGER_FORMAT " samples:\n\n| | |\n| --- | --- |\n",
                    json_integer_value(json_object_get(line, "step")),
                    json_integer_value(json_object_get(line, "eval_samples"))));
    TRY(add_measure(card, line, "eval_loss", "loss", error));
    TRY(add_measure(card, line, "eval_mlm_loss", "MLM loss", error));
    TRY(add_measure(card, line, "eval_mlm_accuracy", "MLM accuracy", error));
    TRY(add_measure(card, line, "eval_nsp_loss", "NSP loss", error));
    TRY(add_measure(card, line, "eval_nsp_accuracy", "NSP accuracy", error));
    return text_format(card, error, "\n");
}

static bert_status add_use(text *card, const model_config *config, bert_error *error)
{
    return text_format(card, error,
                       "## Use\n\n```python\nfrom transformers import AutoTokenizer, %s\n\n"
                       "tokenizer = AutoTokenizer.from_pretrained(\"path/to/this/folder\")\n"
                       "model = %s.from_pretrained(\"path/to/this/folder\")\n```\n\n"
                       "or `bert fill-mask --model path/to/this/folder`.\n",
                       model_config_architecture(config), model_config_architecture(config));
}

bert_status model_card_write(const checkpoint_content *content, const char *path, bert_error *error)
{
    text card = {0};
    bert_status status;
    TRY_OR_GO(status, add_head(&card, content, error), done);
    TRY_OR_GO(status, add_training(&card, content, error), done);
    TRY_OR_GO(status, add_evaluation(&card, content->state, error), done);
    TRY_OR_GO(status, add_use(&card, content->config, error), done);
    status = file_write(path, card.data, card.length, error);
done:
    text_free(&card);
    return status;
}
