/* Options of params structs, beyond what bert/options.h has for everybody. */
#ifndef OPTIONS_OPTIONS_H
#define OPTIONS_OPTIONS_H

#include "bert/options.h"

/* Of the types that are a const char *. */
bool option_is_string(const bert_option *option);

/* The member of such an option. */
const char **option_string(void *params, const bert_option *option);

/* The member of any other as a number; a switch that is unset is -1. */
double option_number(const void *params, const bert_option *option);

/* Whether the member is within its range, as bert_options_check does it for all. */
bert_status option_check(const bert_option *option, const void *params, bert_error *error);

/* Checks all members of a params struct: OPTIONS_CHECK(bert_tune_params, params, error). */
#define OPTIONS_CHECK(struct_name, params, error) \
    options_check_table(struct_name##_table, params, error)
typedef const bert_option *option_table(size_t *count);
bert_status options_check_table(option_table *table, const void *params, bert_error *error);

#endif
