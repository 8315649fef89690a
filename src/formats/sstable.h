/* Sorted string tables (SSTables) of keys and values, in LevelDB's format (its
 * doc/table_format.md), which TensorFlow uses for the index of a checkpoint: data blocks with
 * prefix-compressed keys, an index block, and a footer. Files are untrusted: every length, offset
 * and checksum is checked, and the work is bounded by the size of the file. */
#ifndef FORMATS_SSTABLE_H
#define FORMATS_SSTABLE_H

#include "base/file.h"

enum { SSTABLE_MAX_KEY = 1024 };

typedef struct sstable_entry {
    const unsigned char *key, *value; /* valid during the visit; not terminated */
    size_t key_length, value_length;
} sstable_entry;

typedef bert_status sstable_visitor(void *context, const sstable_entry *entry, bert_error *error);

/* Whether a file has the footer of a table. */
bool sstable_detect(const file_map *map);

/* Calls `visit` for every entry, in ascending order of keys, until it fails. Blocks may be
 * uncompressed or compressed with snappy. `path` is used in messages. */
bert_status sstable_read(const char *path, const file_map *map, sstable_visitor *visit,
                         void *context, bert_error *error);

#endif
