/* Zip archives whose files are stored uncompressed, as torch.save writes them (PKWARE's APPNOTE,
 * sections 4.3 to 4.5, with Zip64). Compressed files are errors, so memory is bounded by the size
 * of the archive. */
#ifndef FORMATS_ZIP_H
#define FORMATS_ZIP_H

#include "base/file.h"

typedef struct zip_entry {
    const char *name; /* not terminated */
    size_t name_length;
    const unsigned char *data;
    size_t size;
    uint32_t checksum; /* CRC-32 of the data */
} zip_entry;

typedef struct zip_archive {
    zip_entry *entries; /* [count], views of the mapped file; owned */
    size_t count;
} zip_archive;

/* Whether a file begins like an archive. */
bool zip_detect(const file_map *map);

/* `map` must outlive the archive; `path` is used in messages. */
bert_status zip_open(zip_archive *archive, const char *path, const file_map *map,
                     bert_error *error);
void zip_close(zip_archive *archive); /* safe on a zeroed struct */

/* Verifies the checksum of a file. */
bert_status zip_verify(const char *path, const zip_entry *entry, bert_error *error);

#endif
