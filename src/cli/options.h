/* Options of a command: the library's tables of the params that it fills in, and a few of its own.
 * Parsing, `--help` and the manual page all read these tables, so they cannot disagree. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "bert.h"

#include <float.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>

/* Options of one struct. */
typedef struct option_part {
    const bert_option *(*table)(size_t *count); /* of the library; NULL: */
    const bert_option *own;                     /* [own_count], of the command itself */
    size_t own_count;
    void *params; /* that they set */
} option_part;

enum { OPTION_PARTS_MAX = 5, OPTIONS_MAX = 96 };

struct arguments;

/* Which operands may be names on the Hub. */
typedef enum hub_operands {
    HUB_OPERANDS_NONE,
    HUB_OPERANDS_MODEL,         /* models */
    HUB_OPERANDS_FILES,         /* files of data sets: NAME=hf://datasets/…:WEIGHT */
    HUB_OPERANDS_ANYTHING,      /* files of data sets; the first may be a model */
    HUB_OPERANDS_OF_TEXT_COLUMN /* the same, where --text-column is given; else they are texts */
} hub_operands;

/* What one command has: commands.h lists them all. */
typedef struct command {
    const char *name;
    const char *summary;     /* one line, no period */
    const char *synopsis;    /* what follows the name: "[OPTIONS] FILE..."; a line each */
    const char *description; /* paragraphs, a blank line between two */
    const char *examples;    /* lines as one would type them; those that begin with # say why */
    /* In the order of the help; of two options of one name the first counts. A string that is
     * neither optional nor set has to be given, unless the option `instead` is. */
    option_part parts[OPTION_PARTS_MAX];
    const char *instead;
    hub_operands hub_operands;
    void (*set_defaults)(void);
    int (*run)(const struct arguments *arguments); /* exit code */
} command;

/* For the parts of a command. */
#define TABLE_PART(struct_name, struct_params)                   \
    {                                                            \
        .table = struct_name##_table, .params = &(struct_params) \
    }
#define OWN_PART(rows, struct_params)                                                        \
    {                                                                                        \
        .own = rows, .own_count = sizeof(rows) / sizeof(rows)[0], .params = &(struct_params) \
    }

/* An option of a command with the struct that it is set in. */
typedef struct option {
    const bert_option *row;
    void *params;
    char name[48]; /* as it is typed: dashes, and the opposite of what is switched on where the
                      command line has that */
} option;

/* All options of a command, those that every command has (--config, --help) at the end. */
typedef struct option_list {
    option options[OPTIONS_MAX];
    size_t count;
    size_t common; /* where the common ones begin */
} option_list;
void options_of(option_list *list, const command *command);

/* What the command line and --config gave, in addition to the params. */
typedef struct arguments {
    const command *command;
    option_list list;
    char **operands; /* points into argv */
    size_t operand_count;
    bool given[OPTIONS_MAX];  /* by index in the list, from either source */
    json_t *configuration;    /* strings from --config live in it; owned */
    char *lists[OPTIONS_MAX]; /* of BERT_OPTION_PATHS, by index in the list; owned */
    bool listed[OPTIONS_MAX]; /* the command line has begun the list, whatever --config had */
    char **resolved;          /* [resolved_count] paths of names on the Hub; owned */
    size_t resolved_count;
} arguments;

typedef enum parse_outcome {
    PARSE_RUN,   /* all is set: run the command */
    PARSE_HELP,  /* --help */
    PARSE_WRONG, /* one line of error was printed */
    PARSE_FAILED /* the same, and it was not the user's wording: a file that cannot be read */
} parse_outcome;

/* Sets defaults, then what `--config` says, then what the command line says. `argv` holds `count`
 * strings, the command's name not among them. */
parse_outcome arguments_parse(arguments *arguments, const command *command, char **argv, int count);
void arguments_release(arguments *arguments);

/* Whether --download asks to fetch what the cache of the Hub does not have. */
bool arguments_download(void);

/* Whether the option was given, on the command line or in the configuration file. */
bool arguments_given(const arguments *arguments, const char *name);

/* Whether there are no operands; else an error was printed. */
bool arguments_only_options(const arguments *arguments);

/* The name among `names` closest to `wrong`, or NULL where none is near. */
const char *nearest_name(const char *wrong, const char *const *names, size_t count);

/* "--learning-rate NUMBER", "--no-next-sentence-prediction": the form that changes the default. */
void option_spelling(char *out, size_t size, const option *option);

/* The help of an option with its choices and its default. Only before parsing. */
void option_help(char *out, size_t size, const option *option);

/* Rows of the command's own tables. */
#define JSON_OPTION(struct_name, group_name)                                             \
    {                                                                                    \
        .name = "json", .type = BERT_OPTION_BOOL, .offset = offsetof(struct_name, json), \
        .group = group_name, .help = "print the result as one JSON object"               \
    }

#endif
