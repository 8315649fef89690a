/* Sorted keys and values in one file, as LevelDB writes tables (its doc/table_format.md) and
 * TensorFlow the index of a checkpoint: blocks whose keys share their beginnings, a block that says
 * where these are, and a footer. Hostile files are expected: every length, offset and checksum is
 * checked, and the work is bounded by the file's size. */
#ifndef FORMATS_SSTABLE_H
#define FORMATS_SSTABLE_H

#include "base/file.h"

enum { SSTABLE_MAX_KEY = 1024 };

typedef struct sstable_entry {
    const unsigned char *key, *value; /* until the visit ends; not terminated */
    size_t key_length, value_length;
} sstable_entry;

typedef bert_status sstable_visitor(void *context, const sstable_entry *entry, bert_error *error);

/* Whether a file has a table's footer. */
bool sstable_detect(const file_map *map);

/* Shows every entry, keys rising, until the visitor fails; `path` goes into messages. Blocks may be
 * as they are or packed with snappy. */
bert_status sstable_read(const char *path, const file_map *map, sstable_visitor *visit,
                         void *context, bert_error *error);

#endif
