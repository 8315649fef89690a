#include "options.h"
#include "console.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *configuration_path;
static bool help_wanted;

const option options_common[] = {
    {.name = "config",
     .kind = OPTION_STRING,
     .target = &configuration_path,
     .value = "FILE.json",
     .help = "read options from a JSON object, by their long names; the command line wins"},
    {.name = "help", .kind = OPTION_FLAG, .target = &help_wanted, .help = "show this text"},
};
const size_t options_common_count = OPTION_COUNT(options_common);

/* ----------------------------------------------------------------------------------- names --- */

/* Letters to insert, delete or exchange to get from one to the other (Levenshtein 1966). */
static size_t edit_distance(const char *left, const char *right)
{
    enum { LONGEST = 63 };
    size_t width = strlen(right);
    if (strlen(left) > LONGEST || width > LONGEST)
        return SIZE_MAX;
    size_t row[LONGEST + 1];
    for (size_t j = 0; j <= width; j++)
        row[j] = j;
    for (size_t i = 1; left[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            size_t best = diagonal + (left[i - 1] != right[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[width];
}

const char *nearest_name(const char *wrong, const char *const *names, size_t count)
{
    const char *nearest = NULL;
    size_t least = strlen(wrong) / 3 + 1; /* farther away, a guess would be noise */
    for (size_t i = 0; i < count; i++) {
        size_t distance = edit_distance(wrong, names[i]);
        if (distance <= least && (!nearest || distance < least)) {
            nearest = names[i];
            least = distance;
        }
    }
    return nearest;
}

/* Hugging Face's underscores are taken for dashes. */
static bool same_name(const char *given, size_t length, const char *name)
{
    for (size_t i = 0; i < length; i++)
        if ((given[i] == '_' ? '-' : given[i]) != name[i] || !name[i])
            return false;
    return name[length] == '\0';
}

static bool is_flag(const option *option)
{
    return option->kind >= OPTION_FLAG && option->kind <= OPTION_INVERTED_SWITCH;
}

/* The option of that name. `*negated` where it is a flag and the name begins with "no-". */
static const option *option_find(const command *command, const char *name, size_t length,
                                 bool *negated)
{
    const struct {
        const option *options;
        size_t count;
    } tables[] = {{command->options, command->option_count},
                  {options_common, options_common_count}};
    for (size_t table = 0; table < 2; table++) {
        for (size_t i = 0; i < tables[table].count; i++) {
            const option *option = &tables[table].options[i];
            if (option->kind == OPTION_HEADING)
                continue;
            *negated = false;
            if (same_name(name, length, option->name))
                return option;
            *negated = true;
            if (is_flag(option) && length > 3 && strncmp(name, "no", 2) == 0 &&
                (name[2] == '-' || name[2] == '_') && same_name(name + 3, length - 3, option->name))
                return option;
        }
    }
    return NULL;
}

/* Says that there is no such option; `origin` is the command's name or the file. */
static parse_outcome unknown_option(const char *origin, const command *command, const char *dashes,
                                    const char *name, size_t length)
{
    char wrong[64], forms[OPTIONS_MAX][64];
    snprintf(wrong, sizeof wrong, "%.*s", (int)(length < 63 ? length : 63), name);
    const char *names[2 * OPTIONS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < options_common_count; i++)
        names[count++] = options_common[i].name;
    for (size_t i = 0; i < command->option_count; i++) {
        if (command->options[i].kind == OPTION_HEADING)
            continue;
        names[count++] = command->options[i].name;
        if (is_flag(&command->options[i])) {
            snprintf(forms[i], sizeof forms[i], "no-%s", command->options[i].name);
            names[count++] = forms[i];
        }
    }
    const char *nearest = nearest_name(wrong, names, count);
    if (nearest)
        console_error("%s: unknown option %s%s; did you mean %s%s?", origin, dashes, wrong, dashes,
                      nearest);
    else
        console_error("%s: unknown option %s%s (see bert help %s)", origin, dashes, wrong,
                      command->name);
    return PARSE_WRONG;
}

/* ---------------------------------------------------------------------------------- values --- */

static void set_flag(const option *option, bool on)
{
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)option->target = on;
        break;
    case OPTION_INVERTED_FLAG:
        *(bool *)option->target = !on;
        break;
    case OPTION_SWITCH:
        *(bert_switch *)option->target = on ? BERT_ON : BERT_OFF;
        break;
    default:
        *(bert_switch *)option->target = on ? BERT_OFF : BERT_ON;
        break;
    }
}

static void describe_range(char *out, size_t size, const option *option)
{
    const char *what = option->kind == OPTION_NUMBER ? "a number" : "a whole number";
    if (option->maximum <= option->minimum)
        snprintf(out, size, "%s", what);
    else if (isinf(option->maximum))
        snprintf(out, size, "%s, at least %.15g", what, option->minimum);
    else
        snprintf(out, size, "%s from %.15g to %.15g", what, option->minimum, option->maximum);
}

static bool in_range(const option *option, double value)
{
    return option->maximum <= option->minimum ||
           (value >= option->minimum && value <= option->maximum);
}

static bool set_signed(const option *option, long long value)
{
    if (!in_range(option, (double)value))
        return false;
    if (option->kind == OPTION_INT64) {
        *(int64_t *)option->target = value;
        return true;
    }
    if (value < INT_MIN || value > INT_MAX)
        return false;
    *(int *)option->target = (int)value;
    return true;
}

static bool set_unsigned(const option *option, unsigned long long value)
{
    if (!in_range(option, (double)value))
        return false;
    if (option->kind == OPTION_UINT64)
        *(uint64_t *)option->target = value;
    else
        *(size_t *)option->target = value;
    return true;
}

static bool set_number(const option *option, double value)
{
    if (!isfinite(value) || !in_range(option, value))
        return false;
    *(double *)option->target = value;
    return true;
}

/* Sets a value from text; false where it is not one of the option's kind and range. */
static bool set_text(const option *option, const char *text)
{
    char *end;
    bool set = false;
    errno = 0;
    if (option->kind == OPTION_STRING) {
        *(const char **)option->target = text;
        return true;
    }
    if (!strchr("+-.0123456789", text[0]) || !text[0]) /* no blanks, no "nan", no "0x" */
        return false;
    if (strpbrk(text, "xXpP"))
        return false;
    switch (option->kind) {
    case OPTION_INT:
    case OPTION_INT64: {
        long long value = strtoll(text, &end, 10);
        set = *end == '\0' && errno == 0 && end != text && set_signed(option, value);
        break;
    }
    case OPTION_UINT64:
    case OPTION_SIZE: {
        unsigned long long value = strtoull(text, &end, 10);
        set = *end == '\0' && errno == 0 && end != text && text[0] != '-' &&
              set_unsigned(option, value);
        break;
    }
    default: {
        double value = strtod(text, &end);
        set = *end == '\0' && end != text && set_number(option, value);
        break;
    }
    }
    return set;
}

/* Appends a value to a list, or begins it anew; false where a value is no single line. */
static bool add_to_list(arguments *arguments, const option *option, const char *value, bool anew)
{
    char **list = &arguments->lists[option - arguments->command->options];
    size_t before = *list && !anew ? strlen(*list) + 1 : 0, length = strlen(value);
    if (length == 0 || strchr(value, '\n'))
        return false;
    char *longer = realloc(*list, before + length + 1);
    if (!longer)
        return false;
    if (before > 0)
        longer[before - 1] = '\n';
    memcpy(longer + before, value, length + 1);
    *list = longer;
    *(const char **)option->target = longer;
    return true;
}

static bool take_list_value(arguments *arguments, const option *option, const char *value)
{
    bool *listed = &arguments->listed[option - arguments->command->options];
    bool anew = !*listed;
    *listed = true;
    return add_to_list(arguments, option, value, anew);
}

static bool set_json_list(arguments *arguments, const option *option, const json_t *value)
{
    if (json_is_string(value))
        return add_to_list(arguments, option, json_string_value(value), true);
    bool set = json_array_size(value) > 0; /* 0 of what is no array */
    for (size_t i = 0; set && i < json_array_size(value); i++) {
        const char *one = json_string_value(json_array_get(value, i));
        set = one && add_to_list(arguments, option, one, i == 0);
    }
    return set;
}

static bool set_json(const option *option, const json_t *value)
{
    if (is_flag(option)) {
        if (!json_is_boolean(value))
            return false;
        set_flag(option, json_is_true(value));
        return true;
    }
    switch (option->kind) {
    case OPTION_STRING:
        if (!json_is_string(value))
            return false;
        *(const char **)option->target = json_string_value(value);
        return true;
    case OPTION_INT:
    case OPTION_INT64:
        return json_is_integer(value) && set_signed(option, json_integer_value(value));
    case OPTION_UINT64:
    case OPTION_SIZE:
        return json_is_integer(value) && json_integer_value(value) >= 0 &&
               set_unsigned(option, (unsigned long long)json_integer_value(value));
    default:
        return json_is_number(value) && set_number(option, json_number_value(value));
    }
}

/* --------------------------------------------------------------------------------- parsing --- */

static void mark_given(arguments *arguments, const option *option)
{
    const command *command = arguments->command;
    if (option >= command->options && option < command->options + command->option_count)
        arguments->given[option - command->options] = true;
}

static parse_outcome read_configuration(arguments *arguments)
{
    const command *command = arguments->command;
    const char *path = configuration_path;
    json_error_t problem;
    FILE *file = fopen(path, "r");
    if (!file) {
        console_error("%s: cannot open: %s", path, strerror(errno));
        return PARSE_FAILED;
    }
    arguments->configuration = json_loadf(file, JSON_REJECT_DUPLICATES, &problem);
    fclose(file);
    if (!arguments->configuration) {
        console_error("%s:%d: %s", path, problem.line, problem.text);
        return PARSE_FAILED;
    }
    if (!json_is_object(arguments->configuration)) {
        console_error("%s: expected a JSON object: {\"option\": value, ...}", path);
        return PARSE_FAILED;
    }
    const char *key;
    json_t *value;
    json_object_foreach(arguments->configuration, key, value)
    {
        bool negated;
        const option *option = option_find(command, key, strlen(key), &negated);
        if (!option || negated)
            return unknown_option(path, command, "", key, strlen(key));
        if (option->target == &configuration_path || option->target == &help_wanted) {
            console_error("%s: \"%s\" belongs on the command line", path, key);
            return PARSE_WRONG;
        }
        bool set = option->kind == OPTION_LIST ? set_json_list(arguments, option, value)
                                               : set_json(option, value);
        if (!set) {
            char expected[128] = "text";
            if (is_flag(option))
                snprintf(expected, sizeof expected, "true or false");
            else if (option->kind == OPTION_LIST)
                snprintf(expected, sizeof expected, "text, or an array of texts of a line each");
            else if (option->kind != OPTION_STRING)
                describe_range(expected, sizeof expected, option);
            char *found = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
            console_error("%s: \"%s\" is %.80s; expected %s", path, key, found ? found : "?",
                          expected);
            free(found);
            return PARSE_WRONG;
        }
        mark_given(arguments, option);
    }
    return PARSE_RUN;
}

/* Takes the option at argv[*at], and its value, which may be the next one. With `only_common`, the
 * command's own options are looked over but not set: --config has to be known before them. */
static parse_outcome take_option(arguments *arguments, char **argv, int count, int *at,
                                 bool only_common)
{
    const command *command = arguments->command;
    const char *text = argv[*at];
    if (strcmp(text, "-h") == 0)
        text = "--help";
    if (text[1] != '-') {
        console_error("%s: unknown option %s (options have two dashes; see bert help %s)",
                      command->name, text, command->name);
        return PARSE_WRONG;
    }
    const char *name = text + 2, *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    bool negated;
    const option *option = option_find(command, name, length, &negated);
    if (!option)
        return unknown_option(command->name, command, "--", name, length);

    bool common = option >= options_common && option < options_common + options_common_count;
    bool set = common == only_common;
    if (is_flag(option)) {
        if (equals) {
            console_error("%s: --%.*s takes no value", command->name, (int)length, name);
            return PARSE_WRONG;
        }
        if (set)
            set_flag(option, !negated);
    } else {
        const char *value = equals ? equals + 1 : *at + 1 < count ? argv[++*at] : NULL;
        if (!value || (!equals && strncmp(value, "--", 2) == 0)) {
            console_error("%s: --%s needs a value: --%s %s", command->name, option->name,
                          option->name, option->value);
            return PARSE_WRONG;
        }
        bool is_list = option->kind == OPTION_LIST;
        bool fits =
            !set || (is_list ? take_list_value(arguments, option, value) : set_text(option, value));
        if (!fits) {
            char expected[128] = "text of one line";
            if (!is_list)
                describe_range(expected, sizeof expected, option);
            console_error("%s: --%s is \"%.80s\"; expected %s", command->name, option->name, value,
                          expected);
            return PARSE_WRONG;
        }
    }
    if (set)
        mark_given(arguments, option);
    return help_wanted ? PARSE_HELP : PARSE_RUN;
}

static parse_outcome walk(arguments *arguments, char **argv, int count, bool only_common)
{
    arguments->operand_count = 0;
    bool options_ended = false;
    for (int i = 0; i < count; i++) {
        if (options_ended || argv[i][0] != '-' || argv[i][1] == '\0') {
            if (!only_common) /* gathers them at the front of argv, behind what was read */
                arguments->operands[arguments->operand_count++] = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            options_ended = true;
        } else {
            parse_outcome outcome = take_option(arguments, argv, count, &i, only_common);
            if (outcome != PARSE_RUN)
                return outcome;
        }
    }
    return PARSE_RUN;
}

static parse_outcome check_required(const arguments *arguments)
{
    const command *command = arguments->command;
    for (size_t i = 0; i < command->option_count; i++) {
        if (command->options[i].required && !arguments->given[i]) {
            char spelling[96];
            option_spelling(spelling, sizeof spelling, &command->options[i]);
            console_error("%s: %s is needed (see bert help %s)", command->name, spelling,
                          command->name);
            return PARSE_WRONG;
        }
    }
    return PARSE_RUN;
}

parse_outcome arguments_parse(arguments *arguments, const command *command, char **argv, int count)
{
    *arguments = (struct arguments){.command = command, .operands = argv};
    command->set_defaults();
    configuration_path = NULL;
    help_wanted = false;
    parse_outcome outcome = walk(arguments, argv, count, true);
    if (outcome == PARSE_RUN && configuration_path)
        outcome = read_configuration(arguments);
    if (outcome == PARSE_RUN)
        outcome = walk(arguments, argv, count, false);
    if (outcome == PARSE_RUN)
        outcome = check_required(arguments);
    configuration_path = NULL; /* help shows what the targets hold as the default */
    help_wanted = false;
    return outcome;
}

void arguments_release(arguments *arguments)
{
    json_decref(arguments->configuration);
    arguments->configuration = NULL;
    for (size_t i = 0; i < OPTIONS_MAX; i++) {
        free(arguments->lists[i]);
        arguments->lists[i] = NULL;
    }
}

bool option_is_replaced(const option *common, const command *command)
{
    for (size_t i = 0; i < command->option_count; i++)
        if (command->options[i].name && strcmp(command->options[i].name, common->name) == 0)
            return true;
    return false;
}

bool arguments_given(const arguments *arguments, const char *name)
{
    const command *command = arguments->command;
    for (size_t i = 0; i < command->option_count; i++)
        if (command->options[i].name && strcmp(command->options[i].name, name) == 0)
            return arguments->given[i];
    return false;
}

/* ------------------------------------------------------------------------------ for the help ---
 */

/* Whether the flag is set as things stand: then the form that clears it is the one to show. */
static bool flag_is_set(const option *option)
{
    switch (option->kind) {
    case OPTION_FLAG:
        return *(const bool *)option->target;
    case OPTION_INVERTED_FLAG:
        return !*(const bool *)option->target;
    default:
        return false;
    }
}

void option_spelling(char *out, size_t size, const option *option)
{
    if (is_flag(option))
        snprintf(out, size, "--%s%s", flag_is_set(option) ? "no-" : "", option->name);
    else
        snprintf(out, size, "--%s %s", option->name, option->value);
}

void option_default(char *out, size_t size, const option *option)
{
    out[0] = '\0';
    if (option->default_text) {
        snprintf(out, size, "%s", option->default_text);
        return;
    }
    switch (option->kind) {
    case OPTION_INT:
        snprintf(out, size, "%d", *(const int *)option->target);
        break;
    case OPTION_INT64:
        snprintf(out, size, "%" PRId64, *(const int64_t *)option->target);
        break;
    case OPTION_UINT64:
        snprintf(out, size, "%" PRIu64, *(const uint64_t *)option->target);
        break;
    case OPTION_SIZE:
        snprintf(out, size, "%zu", *(const size_t *)option->target);
        break;
    case OPTION_NUMBER:
        snprintf(out, size, "%g", *(const double *)option->target);
        break;
    case OPTION_STRING:
    case OPTION_LIST:
        snprintf(out, size, "%s",
                 *(const char **)option->target ? *(const char **)option->target : "");
        break;
    default:
        break;
    }
}
