/* The stages of unpacking: the input at the bottom, then on each what decompresses the one below,
 * or takes files out of it. All are read in the same way. */
#ifndef CORPUS_UNPACK_STAGE_H
#define CORPUS_UNPACK_STAGE_H

#include "corpus/packing.h"

struct archive_entry;

typedef struct stage stage;

/* Bytes per read of an input, and from an archive. */
enum { STAGE_PIECE = 1 << 18 };

/* The bottom: reads a descriptor, owned by the caller, from which the `size` bytes in `head` were
 * already read. Names are for messages, and are copied. */
bert_status stage_open_input(stage **out, const char *name, int descriptor, const char *head,
                             size_t size, bert_error *error);
/* A stage on `below`, which must outlive it. The name is that of the packed file. */
bert_status stage_open(stage **out, const char *name, const packing *packing, stage *below,
                       int zstd_window_log, bert_error *error);
void stage_close(stage *stage); /* this one alone; NULL is allowed */

/* The next bytes, at least `wanted` or all that are left, without consuming them. Valid until the
 * next call. */
bert_status stage_peek(stage *stage, size_t wanted, const char **data, size_t *size,
                       bert_error *error);

/* Reads up to `size` bytes; *got is 0 at the end. */
bert_status stage_read(stage *stage, char *data, size_t size, size_t *got, bert_error *error);

/* Of an archive: continues with the next entry, whose data are read next; *entry is NULL at the
 * end. */
bert_status stage_next_entry(stage *stage, struct archive_entry **entry, bert_error *error);

/* Of the bottom: bytes read from the input. */
uint64_t stage_bytes_read(const stage *bottom);

/* Of an archive: entries read so far, the current one included. */
uint64_t stage_entries(const stage *stage);

const char *stage_name(const stage *stage);
const packing *stage_packing(const stage *stage); /* NULL for the input */
stage *stage_below(const stage *stage);           /* NULL for the input */

#endif
