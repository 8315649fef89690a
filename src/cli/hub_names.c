#include "hub_names.h"

#include "console.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool accepts_sizes(bert_hub_part part)
{
    return part == BERT_HUB_INITIAL_MODEL || part == BERT_HUB_CONFIGURATION;
}

static int fail_memory(void)
{
    console_error("out of memory for a path");
    return EXIT_FAILURE;
}

/* Keeps a string for as long as the arguments live. */
static bool keep(arguments *arguments, char *string)
{
    char **longer =
        string ? realloc(arguments->resolved, (arguments->resolved_count + 1) * sizeof *longer)
               : NULL;
    if (!longer) {
        free(string);
        return false;
    }
    arguments->resolved = longer;
    longer[arguments->resolved_count++] = string;
    return true;
}

/* `*path` = what the name stands for, or the name itself; `what` begins the message of an error. */
static int resolve(bert_text *path, const char *name, bert_hub_part part, const char *what)
{
    bert_resolve_params params = bert_resolve_params_default();
    bert_error error = {0};
    params.name = name;
    params.part = accepts_sizes(part) && bert_model_size_is_known(name) ? BERT_HUB_NOTHING : part;
    params.download = arguments_download();
    if (params.download)
        console_catch_signals();
    if (bert_hub_resolve(path, &params, &console_observer, &error) == BERT_OK)
        return EXIT_SUCCESS;
    bert_error told = error;
    bool sizes = accepts_sizes(part);
    snprintf(told.message, sizeof told.message, "%s%s%s%s%.700s", what,
             sizes ? " is not one of the sizes " : ": ", sizes ? bert_model_sizes() : "",
             sizes ? "; " : "", error.message);
    return console_failure(&told);
}

/* ---------------------------------------------------------------------- files of data sets --- */

/* Where "hf://…" begins in NAME=hf://…, and where ":WEIGHT" or ":SPLIT" begins after it. */
static const char *find_url(const char *value, const char **end)
{
    const char *url = strstr(value, "hf://");
    if (!url || (url > value && url[-1] != '='))
        return NULL;
    const char *path = url + strlen("hf://");
    *end = path + strcspn(path, ":");
    return url;
}

/* A line of a list, or an operand; appended to `out`. */
static int resolve_files(char **out, const char *value, const char *what)
{
    const char *end, *url = find_url(value, &end);
    char *longer;
    if (!url) {
        if (asprintf(&longer, "%s%s%s", *out ? *out : "", *out ? "\n" : "", value) < 0)
            return fail_memory();
        free(*out);
        *out = longer;
        return EXIT_SUCCESS;
    }
    bert_text path = {0};
    char *name = strndup(url, (size_t)(end - url));
    int code = name ? resolve(&path, name, BERT_HUB_FILES, what) : fail_memory();
    if (code == EXIT_SUCCESS &&
        asprintf(&longer, "%s%s%.*s%s%s", *out ? *out : "", *out ? "\n" : "", (int)(url - value),
                 value, path.data, end) < 0)
        code = fail_memory();
    if (code == EXIT_SUCCESS) {
        free(*out);
        *out = longer;
    }
    free(name);
    bert_text_free(&path);
    return code;
}

/* Of one value or of a list with a line for each; *resolved stays NULL where nothing changes. */
static int resolve_lines(char **resolved, const char *value, const char *what)
{
    char *lines = strstr(value, "hf://") ? strdup(value) : NULL, *rest = lines, *line;
    int code = EXIT_SUCCESS;
    while (code == EXIT_SUCCESS && (line = strsep(&rest, "\n")))
        code = resolve_files(resolved, line, what);
    free(lines);
    return code;
}

/* ------------------------------------------------------------------------------- arguments --- */

static int resolve_value(char **resolved, const char *value, bert_hub_part part, const char *what)
{
    if (part == BERT_HUB_FILES)
        return resolve_lines(resolved, value, what);
    bert_text path = {0};
    int code = resolve(&path, value, part, what);
    if (code == EXIT_SUCCESS)
        *resolved = path.data;
    else
        bert_text_free(&path);
    return code;
}

static int resolve_option(arguments *arguments, const option *option)
{
    const char **value = (const char **)(void *)((char *)option->params + option->row->offset);
    char what[128], *resolved = NULL;
    if (!*value)
        return EXIT_SUCCESS;
    snprintf(what, sizeof what, "%s: --%s", arguments->command->name, option->name);
    int code = resolve_value(&resolved, *value, option->row->hub, what);
    if (code != EXIT_SUCCESS || !resolved)
        return code;
    if (!keep(arguments, resolved))
        return fail_memory();
    *value = resolved;
    return EXIT_SUCCESS;
}

static int resolve_operand(arguments *arguments, size_t index, bert_hub_part part)
{
    char *resolved = NULL;
    int code = resolve_value(&resolved, arguments->operands[index], part, arguments->command->name);
    if (code != EXIT_SUCCESS || !resolved)
        return code;
    if (!keep(arguments, resolved))
        return fail_memory();
    arguments->operands[index] = resolved;
    return EXIT_SUCCESS;
}

/* Whether it can only be a name on the Hub: nothing of that name is here, not prepared data either,
 * and it is no pattern and has no NAME= or :WEIGHT. */
static bool is_nothing_here(const char *operand)
{
    char index[4096];
    snprintf(index, sizeof index, "%s.idx", operand);
    return access(operand, F_OK) != 0 && access(index, F_OK) != 0 && strcmp(operand, "-") != 0 &&
           !strpbrk(operand, "*?[=:");
}

static bert_hub_part part_of_operand(const arguments *arguments, size_t index)
{
    hub_operands kind = arguments->command->hub_operands;
    if (kind == HUB_OPERANDS_MODEL)
        return BERT_HUB_MODEL;
    bool anything = kind == HUB_OPERANDS_ANYTHING && index == 0 &&
                    !arguments_given(arguments, "tokenizer") &&
                    is_nothing_here(arguments->operands[index]);
    return anything ? BERT_HUB_ANYTHING : BERT_HUB_FILES;
}

int hub_names_resolve(arguments *arguments)
{
    int code = EXIT_SUCCESS;
    for (size_t i = 0; code == EXIT_SUCCESS && i < arguments->list.common; i++)
        if (arguments->given[i] && arguments->list.options[i].row->hub != BERT_HUB_NOTHING)
            code = resolve_option(arguments, &arguments->list.options[i]);
    hub_operands kind = arguments->command->hub_operands;
    if (kind == HUB_OPERANDS_NONE ||
        (kind == HUB_OPERANDS_OF_TEXT_COLUMN && !arguments_given(arguments, "text-column")))
        return code;
    for (size_t i = 0; code == EXIT_SUCCESS && i < arguments->operand_count; i++)
        code = resolve_operand(arguments, i, part_of_operand(arguments, i));
    return code;
}
