/* Help and manual pages, both from the tables of options. */
#include "commands.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_COLUMNS = 80, HELP_COLUMN = 30 };

static const char program_description[] =
    "bert pre-trains BERT from raw text: text files in, a model out that Hugging Face "
    "transformers loads. The commands below are in the order of that way.\n"
    "\n"
    "Results go to the standard output; progress, warnings and errors to the standard error. "
    "Options have long names, those of Hugging Face's TrainingArguments where such a name "
    "exists; underscores in them are taken for dashes.";

static const char program_examples[] =
    "bert train-tokenizer --output tokenizer corpus.txt\n"
    "bert prepare --tokenizer tokenizer --output data corpus.txt\n"
    "bert pretrain --data data --model tiny --output run\n"
    "bert evaluate --model run --data data\n"
    "bert fill-mask --model run \"Paris is the [MASK] of France.\"\n";

static const struct {
    const char *name, *meaning;
} environment[] = {
    {"OMP_NUM_THREADS", "how many threads to compute with where no option says it"},
    {"BERT_KERNELS", "the kernels to compute with: avx512_amx, avx512_bf16, avx512, avx2 or "
                     "generic; the best that the processor has where this names none of its own"},
    {"GOMP_SPINCOUNT", "how long a waiting thread spins before it sleeps; 10000 where neither this "
                       "nor OMP_WAIT_POLICY is set"},
};
enum { ENVIRONMENT_COUNT = sizeof environment / sizeof *environment };

/* ------------------------------------------------------------------------------------ help --- */

/* Prints words until the line is full, then continues in column `indent`. `column` is that of the
 * cursor. Blank lines in the text are kept. */
static void print_wrapped(const char *text, int indent, int column)
{
    bool line_begins = true;
    while (*text) {
        if (*text == '\n') {
            printf("\n%s%*s", text[1] == '\n' ? "\n" : "", indent, "");
            text += text[1] == '\n' ? 2 : 1;
            column = indent;
            line_begins = true;
            continue;
        }
        if (*text == ' ') {
            text++;
            continue;
        }
        int length = (int)strcspn(text, " \n");
        if (!line_begins && column + 1 + length > TEXT_COLUMNS) {
            printf("\n%*s", indent, "");
            column = indent;
            line_begins = true;
        }
        printf("%s%.*s", line_begins ? "" : " ", length, text);
        column += length + !line_begins;
        line_begins = false;
        text += length;
    }
    putchar('\n');
}

static void print_option(const option *option)
{
    char spelling[96], help[1024];
    option_spelling(spelling, sizeof spelling, option);
    option_help(help, sizeof help, option);
    int column = printf("  %s", spelling);
    if (column + 2 > HELP_COLUMN) {
        putchar('\n');
        column = 0;
    }
    printf("%*s", HELP_COLUMN - column, "");
    print_wrapped(help, HELP_COLUMN, HELP_COLUMN);
}

static void print_options(const command *command)
{
    option_list list;
    options_of(&list, command);
    for (size_t i = 0; i < list.count; i++) {
        const char *group = list.options[i].row->group;
        if (i == list.common)
            printf("\nCommon options:\n");
        else if (group || i == 0)
            printf("\n%s:\n", group ? group : "Options");
        print_option(&list.options[i]);
    }
}

/* Lines as they are, two columns in. */
static void print_examples(const char *lines, const char *indent)
{
    for (const char *line = lines; *line;) {
        int length = (int)strcspn(line, "\n");
        printf("%s%.*s\n", indent, length, line);
        line += length + (line[length] == '\n');
    }
}

void help_print_program(void)
{
    printf("Usage: bert COMMAND [OPTIONS] [FILE...]\n\n");
    print_wrapped(program_description, 0, 0);
    printf("\nCommands:\n");
    for (size_t i = 0; i < command_count; i++)
        printf("  %-18s%s\n", commands[i]->name, commands[i]->summary);
    printf("  %-18s%s\n", "help [COMMAND]", "say more about a command");
    printf("\n  %-18s%s\n", "--help, -h", "show this text");
    printf("  %-18s%s\n", "--version", "show the version");
    printf("\nEnvironment:\n");
    for (size_t i = 0; i < ENVIRONMENT_COUNT; i++) {
        printf("  %-18s", environment[i].name);
        print_wrapped(environment[i].meaning, 20, 20);
    }
    printf("\nExample:\n");
    print_examples(program_examples, "  ");
}

void help_print_command(const command *command)
{
    const char *lead = "Usage: ";
    for (const char *line = command->synopsis; *line; lead = "       ") {
        int length = (int)strcspn(line, "\n");
        printf("%sbert %s %.*s\n", lead, command->name, length, line);
        line += length + (line[length] == '\n');
    }
    putchar('\n');
    print_wrapped(command->description, 0, 0);
    print_options(command);
    printf("\nExamples:\n");
    print_examples(command->examples, "  ");
}

/* ---------------------------------------------------------------------------- manual pages --- */

/* Text for man(7): what troff would take for itself is escaped. A blank line begins a paragraph. */
static void print_roff(const char *text)
{
    bool line_begins = true;
    for (; *text; text++) {
        if (text[0] == '\n' && text[1] == '\n') {
            printf("\n.PP\n");
            text++;
            line_begins = true;
            continue;
        }
        if (text[0] == '\n' && text[1] == '\0')
            break;
        if (line_begins && (*text == '.' || *text == '\''))
            printf("\\&");
        line_begins = *text == '\n';
        if (*text == '-')
            printf("\\-");
        else if (*text == '\\')
            printf("\\e");
        else
            putchar(*text);
    }
    putchar('\n');
}

/* One word of a macro's arguments. */
static void print_roff_word(const char *word)
{
    for (; *word; word++) {
        if (*word == '-')
            putchar('\\');
        putchar(*word);
    }
}

/* `name` is the page's, `command` what follows `bert` in every line of the synopsis. */
static void print_page_head(const char *name, const char *command, const char *summary,
                            const char *synopsis)
{
    printf(".\\\" Written by `bert help --man`; scripts/man-pages writes it again.\n.TH ");
    for (const char *letter = name; *letter; letter++)
        print_roff_word((char[]){(char)toupper((unsigned char)*letter), '\0'});
    printf(" 1 2026-11-23 \"bert %s\" \"User Commands\"\n.SH NAME\n", bert_version());
    print_roff(name);
    printf("\\- ");
    print_roff(summary);
    printf(".SH SYNOPSIS\n");
    for (const char *line = synopsis; *line;) {
        char text[256];
        int length = (int)strcspn(line, "\n");
        snprintf(text, sizeof text, "%.*s", length, line);
        printf("%s.B bert%s", line == synopsis ? "" : ".br\n", command[0] ? " " : "");
        print_roff_word(command);
        putchar('\n');
        print_roff(text);
        line += length + (line[length] == '\n');
    }
    printf(".SH DESCRIPTION\n");
}

static void print_page_examples(const char *examples)
{
    printf(".SH EXAMPLES\n.nf\n.RS 4\n");
    print_roff(examples);
    printf(".RE\n.fi\n");
}

static void print_page_option(const option *option)
{
    char spelling[96], help[1024];
    option_spelling(spelling, sizeof spelling, option);
    option_help(help, sizeof help, option);
    char *value = strchr(spelling, ' ');
    if (value)
        *value++ = '\0';
    printf(".TP\n.B%s ", value ? "I" : "");
    print_roff_word(spelling);
    if (value)
        printf(" \" %s\"", value);
    putchar('\n');
    print_roff(help);
}

static void print_page_options(const command *command)
{
    option_list list;
    options_of(&list, command);
    printf(".SH OPTIONS\n");
    for (size_t i = 0; i < list.count; i++) {
        const char *group = i == list.common ? "Common options" : list.options[i].row->group;
        if (group) {
            printf(".SS ");
            print_roff(group);
        }
        print_page_option(&list.options[i]);
    }
}

static void print_page_exit_status(void)
{
    static const struct {
        const char *status, *meaning;
    } statuses[] = {
        {"0", "All is well."},
        {"1", "It failed: a file that cannot be read or is not what it has to be, a full disk, a "
              "result that is not finite. One line on the standard error says what."},
        {"2", "Wrong usage: an unknown option, a value out of range, two that contradict."},
        {"130, 143", "Ended by SIGINT or SIGTERM. A long job leaves nothing half-written, and bert "
                     "pretrain saves a checkpoint first; a second signal ends it at once."},
    };
    printf(".SH EXIT STATUS\n");
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        printf(".TP\n.B %s\n", statuses[i].status);
        print_roff(statuses[i].meaning);
    }
}

void help_print_program_page(void)
{
    print_page_head("bert", "", "pre-train BERT from raw text", "COMMAND [OPTIONS] [FILE...]");
    print_roff(program_description);
    printf(".SH COMMANDS\n");
    for (size_t i = 0; i < command_count; i++) {
        printf(".TP\n.BR bert\\-");
        print_roff_word(commands[i]->name);
        printf(" (1)\n");
        print_roff(commands[i]->summary);
    }
    printf(".TP\n.BI help \" COMMAND\"\nshow the options of a command\n");
    printf(".SH OPTIONS\n.TP\n.BR \\-\\-help \", \" \\-h\nshow a summary\n"
           ".TP\n.B \\-\\-version\nshow the version\n");
    print_page_exit_status();
    printf(".SH ENVIRONMENT\n");
    for (size_t i = 0; i < ENVIRONMENT_COUNT; i++) {
        printf(".TP\n.B %s\n", environment[i].name);
        print_roff(environment[i].meaning);
    }
    print_page_examples(program_examples);
}

void help_print_command_page(const command *command)
{
    char name[64];
    snprintf(name, sizeof name, "bert-%s", command->name);
    print_page_head(name, command->name, command->summary, command->synopsis);
    print_roff(command->description);
    print_page_options(command);
    print_page_exit_status();
    print_page_examples(command->examples);
    printf(".SH SEE ALSO\n.BR bert (1),\nwhich lists all commands\n");
}
