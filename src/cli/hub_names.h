/* Names on the Hugging Face Hub in the place of paths. */
#ifndef CLI_HUB_NAMES_H
#define CLI_HUB_NAMES_H

#include "options.h"

/* Replaces every option and operand that names something on the Hub by its path in the cache.
 * Returns EXIT_SUCCESS, or the exit code after an error was printed. */
int hub_names_resolve(arguments *arguments);

#endif
