#include "train/settings_fields.h"

#include <float.h>
#include <limits.h>
#include <stddef.h>

const settings_field settings_fields[] = {
#define FIELD(name, kind, open, minimum, maximum, expected)                                 \
    {                                                                                       \
#name, offsetof(bert_pretrain_params, name), kind, open, minimum, maximum, expected \
    }
#define COUNT(name) FIELD(name, FIELD_INT64, CLOSED, 0, 0x1p53, "0 or more")
#define EPOCHS(name) FIELD(name, FIELD_DOUBLE, CLOSED, 0, 1e9, "0 or more")
    FIELD(per_device_train_batch_size, FIELD_INT, CLOSED, 1, 65536, "1 to 65536"),
    FIELD(micro_batch_tokens, FIELD_INT, CLOSED, 0, INT_MAX,
          "0 (chosen from the model and the precision) or more"),
    FIELD(gradient_accumulation_steps, FIELD_INT, CLOSED, 1, 65536, "1 to 65536"),
    FIELD(max_seq_length, FIELD_INT, CLOSED, 8, 65536, "8 to 65536"),
    FIELD(short_seq_probability, FIELD_DOUBLE, CLOSED, 0, 1, "0 to 1"),
    FIELD(mlm_probability, FIELD_DOUBLE, OPEN_BELOW | OPEN_ABOVE, 0, 1, "above 0 and below 1"),
    FIELD(next_sentence_prediction, FIELD_BOOL, CLOSED, 0, 1, ""),
    FIELD(learning_rate, FIELD_DOUBLE, OPEN_BELOW, 0, DBL_MAX, "above 0"),
    FIELD(weight_decay, FIELD_DOUBLE, CLOSED, 0, DBL_MAX, "0 or more"),
    FIELD(adam_beta1, FIELD_DOUBLE, OPEN_ABOVE, 0, 1, "0 or more and below 1"),
    FIELD(adam_beta2, FIELD_DOUBLE, OPEN_ABOVE, 0, 1, "0 or more and below 1"),
    FIELD(adam_epsilon, FIELD_DOUBLE, OPEN_BELOW, 0, DBL_MAX, "above 0"),
    FIELD(max_grad_norm, FIELD_DOUBLE, CLOSED, 0, DBL_MAX, "0 (no clipping) or more"),
    FIELD(lr_end, FIELD_DOUBLE, CLOSED, 0, DBL_MAX, "0 or more"),
    FIELD(lr_power, FIELD_DOUBLE, OPEN_BELOW, 0, 1000, "above 0, at most 1000"),
    FIELD(lr_num_cycles, FIELD_INT64, CLOSED, 1, 0x1p53, "1 or more"),
    FIELD(pct_start, FIELD_DOUBLE, CLOSED, 0, 1, "0 to 1"),
    FIELD(div_factor, FIELD_DOUBLE, CLOSED, 1, DBL_MAX, "1 or more"),
    FIELD(final_div_factor, FIELD_DOUBLE, CLOSED, 1, DBL_MAX, "1 or more"),
    COUNT(base_batch_size),
    COUNT(warmup_steps),
    FIELD(warmup_ratio, FIELD_DOUBLE, CLOSED, 0, 1, "0 to 1"),
    COUNT(max_steps),
    EPOCHS(num_train_epochs),
    FIELD(logging_steps, FIELD_INT64, CLOSED, 1, 0x1p53, "1 or more"),
    COUNT(eval_steps),
    EPOCHS(eval_epochs),
    COUNT(eval_samples),
    COUNT(save_steps),
    EPOCHS(save_epochs),
    FIELD(save_total_limit, FIELD_INT, CLOSED, 0, INT_MAX, "0 (keep all) or more"),
    FIELD(hidden_dropout_prob, FIELD_DOUBLE, OPEN_ABOVE, -DBL_MAX, 1, "below 1"),
    FIELD(attention_probs_dropout_prob, FIELD_DOUBLE, OPEN_ABOVE, -DBL_MAX, 1, "below 1"),
    FIELD(gradient_checkpointing, FIELD_BOOL, CLOSED, 0, 1, ""),
    FIELD(zero, FIELD_INT, CLOSED, 0, 1, "0 or 1"),
    FIELD(distill_temperature, FIELD_DOUBLE, OPEN_BELOW, 0, 1e6, "above 0"),
    FIELD(distill_alpha_ce, FIELD_DOUBLE, CLOSED, 0, 1e6, "0 or more"),
    FIELD(distill_alpha_mlm, FIELD_DOUBLE, CLOSED, 0, 1e6, "0 or more"),
    FIELD(distill_alpha_cos, FIELD_DOUBLE, CLOSED, 0, 1e6, "0 or more"),
    FIELD(seed, FIELD_UINT64, CLOSED, 0, 0x1p53, "0 to 2^53"),
    FIELD(threads, FIELD_INT, CLOSED, 0, 4096, "0 (all cores) to 4096"),
#undef EPOCHS
#undef COUNT
#undef FIELD
};
const size_t settings_field_count = sizeof settings_fields / sizeof *settings_fields;

const settings_string settings_strings[] = {
#define STRING(name, kind)                                \
    {                                                     \
#name, offsetof(bert_pretrain_params, name), kind \
    }
    STRING(data, STRING_PATHS),
    STRING(tokenizer, STRING_OPTIONAL_PATH),
    STRING(model, STRING_MODEL),
    STRING(output, STRING_PATH),
    STRING(optim, STRING_NAME),
    STRING(lr_scheduler_type, STRING_NAME),
    STRING(learning_rate_scaling, STRING_NAME),
    STRING(batch_size_ramp, STRING_OPTIONAL),
    STRING(precision, STRING_NAME),
    STRING(gradient_dtype, STRING_NAME),
    STRING(teacher, STRING_OPTIONAL_MODEL),
    STRING(pairs, STRING_NAME),
    STRING(sequences, STRING_NAME),
    STRING(sequence_schedule, STRING_OPTIONAL),
    STRING(mask_unit, STRING_NAME),
    STRING(masks, STRING_NAME),
#undef STRING
};
const size_t settings_string_count = sizeof settings_strings / sizeof *settings_strings;

double settings_field_value(const bert_pretrain_params *params, const settings_field *field)
{
    const char *place = (const char *)params + field->offset;
    switch (field->kind) {
    case FIELD_INT:
        return *(const int *)(const void *)place;
    case FIELD_INT64:
        return (double)*(const int64_t *)(const void *)place;
    case FIELD_UINT64:
        return (double)*(const uint64_t *)(const void *)place;
    case FIELD_DOUBLE:
        return *(const double *)(const void *)place;
    case FIELD_BOOL:
        break;
    }
    return *(const bool *)place;
}

void settings_field_store(bert_pretrain_params *params, const settings_field *field, double value)
{
    char *place = (char *)params + field->offset;
    switch (field->kind) {
    case FIELD_INT:
        *(int *)(void *)place = (int)value;
        break;
    case FIELD_INT64:
        *(int64_t *)(void *)place = (int64_t)value;
        break;
    case FIELD_UINT64:
        *(uint64_t *)(void *)place = (uint64_t)value;
        break;
    case FIELD_DOUBLE:
        *(double *)(void *)place = value;
        break;
    case FIELD_BOOL:
        *(bool *)place = value != 0;
        break;
    }
}

bool settings_string_is_optional(const settings_string *string)
{
    return string->kind == STRING_OPTIONAL || string->kind == STRING_OPTIONAL_PATH ||
           string->kind == STRING_OPTIONAL_MODEL || string->kind == STRING_PATHS;
}

const char **settings_string_place(bert_pretrain_params *params, const settings_string *string)
{
    return (const char **)(void *)((char *)params + string->offset);
}
