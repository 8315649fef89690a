/* bert: finds the command and runs it. */
#include "commands.h"
#include "console.h"
#include "hub_names.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const command *const commands[] = {
#define COMMAND(name) &command_##name,
#include "commands.inc"
#undef COMMAND
};
const size_t command_count = sizeof commands / sizeof *commands;

const command *command_find(const char *name)
{
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int unknown_command(const char *name)
{
    const char *names[OPTIONS_MAX];
    for (size_t i = 0; i < command_count; i++)
        names[i] = commands[i]->name;
    names[command_count] = "help";
    const char *nearest = nearest_name(name, names, command_count + 1);
    if (name[0] == '-')
        console_error("unknown option %.60s before the command (see bert help)", name);
    else if (nearest)
        console_error("unknown command %.60s; did you mean %s?", name, nearest);
    else
        console_error("unknown command %.60s (see bert help)", name);
    return EXIT_USAGE;
}

static int show_help(const command *command)
{
    if (!command) {
        help_print_program();
    } else {
        command->set_defaults();
        help_print_command(command);
    }
    return EXIT_SUCCESS;
}

static bool asks_for_help(const char *name)
{
    return strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0;
}

/* bert help [--man] [COMMAND] */
static int run_help(char **argv, int count)
{
    bool page = count > 0 && strcmp(argv[0], "--man") == 0;
    argv += page;
    count -= page;
    if (count == 1 && asks_for_help(argv[0])) /* help's own is that of the program */
        count = 0;
    if (count > 1) {
        console_error("help: one command at a time");
        return EXIT_USAGE;
    }
    const command *command = count == 1 ? command_find(argv[0]) : NULL;
    if (count == 1 && !command)
        return unknown_command(argv[0]);
    if (!page)
        return show_help(command);
    if (!command) {
        help_print_program_page();
    } else {
        command->set_defaults();
        help_print_command_page(command);
    }
    return EXIT_SUCCESS;
}

static int run_command(const command *command, char **argv, int count)
{
    arguments arguments;
    int code;
    switch (arguments_parse(&arguments, command, argv, count)) {
    case PARSE_RUN:
        code = hub_names_resolve(&arguments);
        if (code == EXIT_SUCCESS)
            code = command->run(&arguments);
        break;
    case PARSE_HELP:
        code = show_help(command);
        break;
    case PARSE_WRONG:
        code = EXIT_USAGE;
        break;
    default:
        code = EXIT_FAILURE;
        break;
    }
    arguments_release(&arguments);
    return code;
}

/* Where threads share their cores with other programs, OpenMP's habit of waiting in a busy loop can
 * cost more than the work itself (a small model had a seventh of its speed next to one other
 * program), while a short spin costs nothing on free cores. GCC's runtime reads its settings before
 * main, so the program starts itself once more with a short one, unless the user has chosen. */
static void start_with_short_spins(char **argv)
{
    if (getenv("OMP_WAIT_POLICY") || getenv("GOMP_SPINCOUNT"))
        return;
    if (setenv("GOMP_SPINCOUNT", "10000", 1) == 0)
        execv("/proc/self/exe", argv); /* where that fails, all is only as it was */
}

int main(int argc, char **argv)
{
    start_with_short_spins(argv);
    /* A closed pipe must not end a training run; console_finish sees to stdout. */
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        console_error("a command is needed: bert COMMAND ... (see bert help)");
        return EXIT_USAGE;
    }
    const char *name = argv[1];
    int code = EXIT_SUCCESS;
    const command *command = command_find(name);
    if (command)
        code = run_command(command, argv + 2, argc - 2);
    else if (strcmp(name, "help") == 0)
        code = run_help(argv + 2, argc - 2);
    else if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        code = show_help(NULL);
    else if (strcmp(name, "--version") == 0)
        printf("bert %s\n", bert_version());
    else
        code = unknown_command(name);
    return console_finish(code);
}
