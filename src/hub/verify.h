/* Whether a file in the cache still holds what was downloaded. */
#ifndef HUB_VERIFY_H
#define HUB_VERIFY_H

#include "base/text.h"
#include "hub/responses.h"

/* Compares the file with what is known of it: its size; with `checksum` also its checksum, for
 * which all of it is read. Appends what is wrong to `problem`, and nothing where nothing is:
 * "has 12 bytes, expected 300". A file that cannot be read is an error. */
bert_status verify_file(text *problem, const char *path, const hub_file_facts *facts, bool checksum,
                        bert_error *error);

#endif
