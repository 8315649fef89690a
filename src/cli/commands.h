/* The commands of `bert`, one file each. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "options.h"

#define COMMAND(name) extern const command command_##name;
#include "commands.inc"
#undef COMMAND

/* In the order in which one would use them. */
extern const command *const commands[];
extern const size_t command_count;

/* What the inputs of a command can be that reads a corpus: part of its description. */
#define CORPUS_INPUTS_HELP                                                                   \
    "A file is plain text, with a blank line between two documents, WikiText in its raw "    \
    "form, with \" = Title = \" lines, JSON (objects on lines, one array, or an object of "  \
    "documents), Markdown or reStructuredText (by the name), an XML dump of Wikipedia, or "  \
    "a table: Parquet, Arrow, TSV (without quotation, as GLUE's files are) or CSV, known "   \
    "by the name or by the column of --text-field in the first row. Each row of a table is " \
    "a document, but where the rows are lines of WikiText, they are read as such; each "     \
    "page of a dump, its markup taken away. Options say what else ends a document or a "     \
    "sentence, as for books in files, rows of a sentence each, chat logs and lower-cased "   \
    "text; see bert help prepare. Columns may be lists of strings, each a sentence; "        \
    "members of structs have names as translation.en. Files compressed or archived with "    \
    "gzip, bzip2, xz, zstd, LZ4, zip or tar are read as they are, those inside archives "    \
    "too; bytes that are not UTF-8 are read as U+FFFD and counted. A folder means all "      \
    "files in it and in its folders, sorted by name; a quoted pattern the files that match " \
    "it; - the standard input. NAME=PATH:WEIGHT gives an input a name and takes that share " \
    "of its documents, chosen by a hash of their text, or repeats them where it is more "    \
    "than 1."

/* NULL where there is none of that name. */
const command *command_find(const char *name);

/* `bert help`, `bert help COMMAND` on stdout; the same as a manual page. Defaults must be set. */
void help_print_program(void);
void help_print_command(const command *command);
void help_print_program_page(void);
void help_print_command_page(const command *command);

#endif
