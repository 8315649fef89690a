/* Small vocabularies, in a directory of the test's own. */
#ifndef TESTS_TOKENIZER_FIXTURE_H
#define TESTS_TOKENIZER_FIXTURE_H

#include "scratch.h"

#include "bert.h"

#define FIXTURE_SPECIAL "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n" /* ids 0 to 4 */

#endif
