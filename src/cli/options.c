#include "options.h"
#include "console.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct common {
    const char *config;
    bool help;
} common;

/* A command with an option of the same name has that one instead (a data set's --config). */
static const bert_option common_options[] = {
    {.name = "config",
     .type = BERT_OPTION_PATH,
     .offset = offsetof(struct common, config),
     .value = "FILE.json",
     .optional = true,
     .help = "read options from a JSON object, by their long names; the command line wins"},
    {.name = "help",
     .type = BERT_OPTION_BOOL,
     .offset = offsetof(struct common, help),
     .help = "show this text"},
};

/* ----------------------------------------------------------------------------------- names --- */

static void spell(char *out, size_t size, const char *name)
{
    snprintf(out, size, "%s", name);
    for (char *c = out; *c; c++)
        if (*c == '_')
            *c = '-';
}

static void add_options(option_list *list, const bert_option *rows, size_t count, void *params)
{
    for (size_t i = 0; i < count; i++) {
        bool is_new = list->count < OPTIONS_MAX;
        for (size_t j = 0; is_new && j < list->count; j++)
            is_new = strcmp(list->options[j].row->name, rows[i].name) != 0;
        if (!is_new)
            continue;
        option *option = &list->options[list->count++];
        option->row = &rows[i];
        option->params = params;
        spell(option->name, sizeof option->name,
              rows[i].opposite ? rows[i].opposite : rows[i].name);
    }
}

void options_of(option_list *list, const command *command)
{
    *list = (option_list){0};
    for (size_t i = 0; i < OPTION_PARTS_MAX && command->parts[i].params; i++) {
        const option_part *part = &command->parts[i];
        size_t count = part->own_count;
        const bert_option *rows = part->table ? part->table(&count) : part->own;
        add_options(list, rows, count, part->params);
    }
    list->common = list->count;
    add_options(list, common_options, sizeof common_options / sizeof *common_options, &common);
}

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
    return option->row->type == BERT_OPTION_BOOL || option->row->type == BERT_OPTION_SWITCH;
}

/* The option of that name. `*negated` where it is a flag and the name begins with "no-". */
static const option *option_find(const option_list *list, const char *name, size_t length,
                                 bool *negated)
{
    for (size_t i = 0; i < list->count; i++) {
        const option *option = &list->options[i];
        *negated = false;
        if (same_name(name, length, option->name))
            return option;
        *negated = true;
        if (is_flag(option) && length > 3 && strncmp(name, "no", 2) == 0 &&
            (name[2] == '-' || name[2] == '_') && same_name(name + 3, length - 3, option->name))
            return option;
    }
    return NULL;
}

/* Options of Hugging Face's run_mlm.py and of its Trainer that have other names here, too far from
 * theirs for nearest_name. The first of `ours` that the command has is meant. */
static const struct {
    const char *theirs, *ours[2];
} foreign_names[] = {
    {"validation-file", {"validation-file", "eval-data"}},
    {"eval-data", {"validation-file"}},
    {"eval-file", {"validation-file", "eval-data"}},
    {"eval-dataset", {"validation-file", "eval-data"}},
    {"validation-data", {"validation-file", "eval-data"}},
    {"validation-split", {"validation-file", "eval-data"}},
    {"train-dataset", {"train-file", "data"}},
    {"train-file", {"train-file", "data"}},
    {"dataset-name", {"train-file", "data"}},
    {"model-name-or-path", {"model"}},
    {"tokenizer-name", {"tokenizer"}},
};

/* NULL where no name is known, or the command has no such option. */
static const char *foreign_name(const option_list *list, const char *wrong)
{
    for (size_t i = 0; i < sizeof foreign_names / sizeof *foreign_names; i++) {
        if (!same_name(wrong, strlen(wrong), foreign_names[i].theirs))
            continue;
        for (size_t j = 0; j < 2 && foreign_names[i].ours[j]; j++)
            for (size_t k = 0; k < list->count; k++)
                if (strcmp(list->options[k].name, foreign_names[i].ours[j]) == 0)
                    return foreign_names[i].ours[j];
    }
    return NULL;
}

/* Says that there is no such option; `origin` is the command's name or the file. */
static parse_outcome unknown_option(const char *origin, const arguments *arguments,
                                    const char *dashes, const char *name, size_t length)
{
    char wrong[64], forms[OPTIONS_MAX][64];
    snprintf(wrong, sizeof wrong, "%.*s", (int)(length < 63 ? length : 63), name);
    const char *names[2 * OPTIONS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < arguments->list.count; i++) {
        const option *option = &arguments->list.options[i];
        names[count++] = option->name;
        if (is_flag(option)) {
            snprintf(forms[i], sizeof forms[i], "no-%s", option->name);
            names[count++] = forms[i];
        }
    }
    const char *nearest = foreign_name(&arguments->list, wrong);
    if (!nearest)
        nearest = nearest_name(wrong, names, count);
    if (nearest)
        console_error("%s: unknown option %s%s; did you mean %s%s?", origin, dashes, wrong, dashes,
                      nearest);
    else
        console_error("%s: unknown option %s%s (see bert help %s)", origin, dashes, wrong,
                      arguments->command->name);
    return PARSE_WRONG;
}

/* ---------------------------------------------------------------------------------- values --- */

/* Turns the flag on or off as the command line names it: its opposite may be what is set. */
static void set_flag(const option *option, bool on)
{
    bert_option_set(option->params, option->row, on != !!option->row->opposite ? "true" : "false",
                    NULL);
}

/* Appends a value to a list, or begins it anew; false where a value is not a single line. */
static bool add_to_list(arguments *arguments, const option *option, const char *value, bool anew)
{
    char **list = &arguments->lists[option - arguments->list.options];
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
    return bert_option_set(option->params, option->row, longer, NULL) == BERT_OK;
}

static bool take_list_value(arguments *arguments, const option *option, const char *value)
{
    bool *listed = &arguments->listed[option - arguments->list.options];
    bool anew = !*listed;
    *listed = true;
    return add_to_list(arguments, option, value, anew);
}

static bool set_json_list(arguments *arguments, const option *option, const json_t *value)
{
    if (json_is_string(value))
        return add_to_list(arguments, option, json_string_value(value), true);
    bool set = json_array_size(value) > 0; /* 0 of what is not an array */
    for (size_t i = 0; set && i < json_array_size(value); i++) {
        const char *one = json_string_value(json_array_get(value, i));
        set = one && add_to_list(arguments, option, one, i == 0);
    }
    return set;
}

static bool set_text(const option *option, const char *text)
{
    return bert_option_set(option->params, option->row, text, NULL) == BERT_OK;
}

/* A JSON number is set from its text in the file, which is that of an option's value. */
static bool set_json(arguments *arguments, const option *option, const json_t *value)
{
    if (option->row->type == BERT_OPTION_PATHS)
        return set_json_list(arguments, option, value);
    if (is_flag(option)) {
        if (json_is_boolean(value))
            set_flag(option, json_is_true(value));
        return json_is_boolean(value);
    }
    if (option->row->type >= BERT_OPTION_CHOICE)
        return json_is_string(value) && set_text(option, json_string_value(value));
    char *number = json_is_number(value) ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
    bool set = number && set_text(option, number);
    free(number);
    return set;
}

/* What a value can be, for a message about one that is not. */
static void describe_expected(char *out, size_t size, const option *option, bool in_json)
{
    if (option->row->type == BERT_OPTION_PATHS)
        snprintf(out, size, "%s",
                 in_json ? "text, or an array of texts of a line each" : "text of one line");
    else
        bert_option_expected(option->row, out, size);
}

/* --------------------------------------------------------------------------------- parsing --- */

static parse_outcome set_configured(arguments *arguments, const char *path, const char *key,
                                    const json_t *value)
{
    bool negated;
    const option *option = option_find(&arguments->list, key, strlen(key), &negated);
    if (!option || negated)
        return unknown_option(path, arguments, "", key, strlen(key));
    if (option->params == &common) {
        console_error("%s: \"%s\" belongs on the command line", path, key);
        return PARSE_WRONG;
    }
    arguments->given[option - arguments->list.options] = true;
    if (set_json(arguments, option, value))
        return PARSE_RUN;
    char expected[512];
    describe_expected(expected, sizeof expected, option, true);
    char *found = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    console_error("%s: \"%s\" is %.80s; expected %s", path, key, found ? found : "?", expected);
    free(found);
    return PARSE_WRONG;
}

static parse_outcome read_configuration(arguments *arguments)
{
    const char *path = common.config;
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
        parse_outcome outcome = set_configured(arguments, path, key, value);
        if (outcome != PARSE_RUN)
            return outcome;
    }
    return PARSE_RUN;
}

static parse_outcome take_flag(const arguments *arguments, const option *option, const char *name,
                               size_t length, bool negated, bool set)
{
    if (name[length] == '=') {
        console_error("%s: --%.*s takes no value", arguments->command->name, (int)length, name);
        return PARSE_WRONG;
    }
    if (set)
        set_flag(option, !negated);
    return PARSE_RUN;
}

/* `value` is NULL where there is none. */
static parse_outcome take_value(arguments *arguments, const option *option, const char *value,
                                bool set)
{
    const char *command = arguments->command->name;
    if (!value) {
        console_error("%s: --%s needs a value: --%s %s", command, option->name, option->name,
                      option->row->value);
        return PARSE_WRONG;
    }
    bool fits =
        !set || (option->row->type == BERT_OPTION_PATHS ? take_list_value(arguments, option, value)
                                                        : set_text(option, value));
    if (fits)
        return PARSE_RUN;
    char expected[512];
    describe_expected(expected, sizeof expected, option, false);
    console_error("%s: --%s is \"%.80s\"; expected %s", command, option->name, value, expected);
    return PARSE_WRONG;
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
    const char *name = text + 2;
    size_t length = strcspn(name, "=");
    bool negated;
    const option *option = option_find(&arguments->list, name, length, &negated);
    if (!option)
        return unknown_option(command->name, arguments, "--", name, length);
    bool set = (option->params == &common) == only_common;
    parse_outcome outcome;
    if (is_flag(option)) {
        outcome = take_flag(arguments, option, name, length, negated, set);
    } else {
        const char *next = *at + 1 < count ? argv[*at + 1] : NULL;
        const char *value = name[length] == '='                   ? name + length + 1
                            : next && strncmp(next, "--", 2) == 0 ? NULL
                                                                  : next;
        *at += value && value == next;
        outcome = take_value(arguments, option, value, set);
    }
    if (set)
        arguments->given[option - arguments->list.options] = true;
    return outcome != PARSE_RUN ? outcome : common.help ? PARSE_HELP : PARSE_RUN;
}

static parse_outcome walk(arguments *arguments, char **argv, int count, bool only_common)
{
    arguments->operand_count = 0;
    bool options_ended = false;
    for (int i = 0; i < count; i++) {
        if (options_ended || argv[i][0] != '-' || argv[i][1] == '\0') {
            if (!only_common) /* gathers them at the front of argv, which was read already */
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

/* Whether the option holds a string that is neither optional nor set: only before parsing that
 * means that it has to be given. */
static bool is_missing(const option *option)
{
    char text[2];
    return option->row->type >= BERT_OPTION_STRING && !option->row->optional &&
           bert_option_get(option->params, option->row, text, sizeof text) == 0;
}

static parse_outcome check_required(const arguments *arguments)
{
    const command *command = arguments->command;
    const char *instead = command->instead ? command->instead : "";
    if (*instead && arguments_given(arguments, instead))
        return PARSE_RUN;
    for (size_t i = 0; i < arguments->list.common; i++) {
        const option *option = &arguments->list.options[i];
        if (!is_missing(option) || arguments->given[i])
            continue;
        console_error("%s: --%s %s is needed%s%s (see bert help %s)", command->name, option->name,
                      option->row->value, *instead ? ", or --" : "", instead, command->name);
        return PARSE_WRONG;
    }
    return PARSE_RUN;
}

parse_outcome arguments_parse(arguments *arguments, const command *command, char **argv, int count)
{
    *arguments = (struct arguments){.command = command, .operands = argv};
    command->set_defaults();
    common = (struct common){0};
    options_of(&arguments->list, command);
    parse_outcome outcome = walk(arguments, argv, count, true);
    if (outcome == PARSE_RUN && common.config)
        outcome = read_configuration(arguments);
    if (outcome == PARSE_RUN)
        outcome = walk(arguments, argv, count, false);
    if (outcome == PARSE_RUN)
        outcome = check_required(arguments);
    common = (struct common){0}; /* help shows what the params hold as the default */
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

bool arguments_given(const arguments *arguments, const char *name)
{
    for (size_t i = 0; i < arguments->list.count; i++)
        if (strcmp(arguments->list.options[i].name, name) == 0)
            return arguments->given[i];
    return false;
}

bool arguments_only_options(const arguments *arguments)
{
    if (arguments->operand_count > 0)
        console_error("%s: takes options only, not %s", arguments->command->name,
                      arguments->operands[0]);
    return arguments->operand_count == 0;
}

/* ------------------------------------------------------------------------------- for the help */

void option_spelling(char *out, size_t size, const option *option)
{
    char value[8];
    bert_option_get(option->params, option->row, value, sizeof value);
    bool is_on = option->row->type == BERT_OPTION_BOOL &&
                 strcmp(value, option->row->opposite ? "false" : "true") == 0;
    if (is_flag(option))
        snprintf(out, size, "--%s%s", is_on ? "no-" : "", option->name);
    else
        snprintf(out, size, "--%s %s", option->name, option->row->value);
}

/* ": adamw (decoupled weight decay), adam (…) or lamb" */
static size_t print_choices(char *out, size_t size, const bert_choice *choices)
{
    size_t length = 0;
    for (const bert_choice *choice = choices; choice->name && length < size; choice++)
        length += (size_t)snprintf(out + length, size - length, "%s%s%s%s%s",
                                   choice == choices ? ": "
                                   : choice[1].name  ? ", "
                                                     : " or ",
                                   choice->name, choice->help ? " (" : "",
                                   choice->help ? choice->help : "", choice->help ? ")" : "");
    return length;
}

void option_help(char *out, size_t size, const option *option)
{
    const bert_option *row = option->row;
    char shown[128] = "";
    size_t length = (size_t)snprintf(out, size, "%s", row->help);
    if (row->choices && length < size)
        length += print_choices(out + length, size - length, row->choices);
    if (row->default_text)
        snprintf(shown, sizeof shown, "%s", row->default_text);
    else if (!is_flag(option))
        bert_option_get(option->params, row, shown, sizeof shown);
    if (length >= size)
        return;
    if (is_missing(option))
        snprintf(out + length, size - length, " (needed)");
    else if (shown[0])
        snprintf(out + length, size - length, " (default: %s)", shown);
}
