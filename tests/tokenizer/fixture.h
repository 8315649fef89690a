/* Small vocabularies in a temporary directory. */
#ifndef TESTS_TOKENIZER_FIXTURE_H
#define TESTS_TOKENIZER_FIXTURE_H

#include "scratch.h"

#include "bert.h"

#define FIXTURE_SPECIAL "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n" /* ids 0 to 4 */

#endif
