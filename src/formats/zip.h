/* Zip archives whose files are stored, not packed, as torch.save writes them (PKWARE's APPNOTE,
 * sections 4.3 to 4.5, with Zip64). What is packed is refused: nothing here grows when it is read.
 */
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

/* Whether a file begins as an archive does. */
bool zip_detect(const file_map *map);

/* `map` must outlive the archive; `path` goes into messages. */
bert_status zip_open(zip_archive *archive, const char *path, const file_map *map,
                     bert_error *error);
void zip_close(zip_archive *archive); /* safe on a zeroed struct */

/* Whether the bytes are those that were stored. */
bert_status zip_verify(const char *path, const zip_entry *entry, bert_error *error);

#endif
