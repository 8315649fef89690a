/* The commands of `bert`, one file each. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "options.h"

extern const command command_train_tokenizer, command_tokenize, command_cat, command_prepare,
    command_pretrain, command_evaluate, command_fill_mask;

/* In the order in which one would use them. */
extern const command *const commands[];
extern const size_t command_count;

/* NULL where there is none of that name. */
const command *command_find(const char *name);

/* `bert help`, `bert help COMMAND` on stdout; the same as a manual page. Defaults must be set. */
void help_print_program(void);
void help_print_command(const command *command);
void help_print_program_page(void);
void help_print_command_page(const command *command);

#endif
