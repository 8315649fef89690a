/* Options of a command: one table says name, type, default, help and where the value goes. Parsing,
 * `--help` and the manual page all read this table, so they cannot disagree. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "bert.h"

#include <jansson.h>
#include <math.h>

typedef enum option_kind {
    OPTION_HEADING,       /* no option: `help` stands above those that follow */
    OPTION_FLAG,          /* bool; --name sets it, --no-name clears it */
    OPTION_INVERTED_FLAG, /* bool; --name clears it, --no-name sets it */
    OPTION_SWITCH,        /* bert_switch; --name turns it on, --no-name off */
    OPTION_INVERTED_SWITCH,
    OPTION_INT,
    OPTION_INT64,
    OPTION_UINT64,
    OPTION_SIZE,
    OPTION_NUMBER, /* double */
    OPTION_STRING,
    OPTION_LIST, /* const char *: the option may be given several times, or as a JSON array; the
                    values, a line ("\n") for each */
} option_kind;

typedef struct option {
    const char *name; /* without the dashes: "learning-rate" */
    option_kind kind;
    void *target;
    const char *value;        /* what stands for the value in the help: "N", "DIR" */
    double minimum, maximum;  /* of numbers, where maximum > minimum */
    const char *help;         /* without final period */
    const char *default_text; /* NULL: what `target` holds before parsing. "": show none */
    bool required;
} option;

enum { OPTIONS_MAX = 96 };

struct arguments;

/* What one command has: commands.h lists them all. */
typedef struct command {
    const char *name;
    const char *summary;     /* one line, no period */
    const char *synopsis;    /* what follows the name: "[OPTIONS] FILE..."; a line each */
    const char *description; /* paragraphs, a blank line between two */
    const char *examples;    /* lines as one would type them; those that begin with # say why */
    const option *options;   /* those that every command has stand in no table */
    size_t option_count;
    void (*set_defaults)(void);
    int (*run)(const struct arguments *arguments); /* exit code */
} command;

/* What the command line and --config gave, beside the targets. */
typedef struct arguments {
    const command *command;
    char **operands; /* points into argv */
    size_t operand_count;
    bool given[OPTIONS_MAX];  /* by place in the table, from either source */
    json_t *configuration;    /* strings from --config live in it; owned */
    char *lists[OPTIONS_MAX]; /* of OPTION_LIST, by place in the table; owned */
    bool listed[OPTIONS_MAX]; /* the command line has begun the list, whatever --config had */
} arguments;

/* For the tables: the number of their rows, and a lower bound alone. */
#define OPTION_COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define AT_LEAST(bound) .minimum = (bound), .maximum = INFINITY

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

/* Options that every command has: --config and --help. A command with an option of the same name
 * has that one instead (a data set's --config). */
extern const option options_common[];
extern const size_t options_common_count;
bool option_is_replaced(const option *common, const command *command);

/* Whether the option was given, on the command line or in the configuration file. */
bool arguments_given(const arguments *arguments, const char *name);

/* The name among `names` closest to `wrong`, or NULL where none is near. */
const char *nearest_name(const char *wrong, const char *const *names, size_t count);

/* "--learning-rate NUMBER", "--no-next-sentence-prediction": the form that changes the default. */
void option_spelling(char *out, size_t size, const option *option);

/* The default as help shows it; empty where there is none to show. Only before parsing. */
void option_default(char *out, size_t size, const option *option);

#endif
