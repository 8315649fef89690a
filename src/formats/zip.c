#include "formats/zip.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    LOCAL_HEADER = 30,
    CENTRAL_HEADER = 46,
    END_RECORD = 22,
    END_LOCATOR_64 = 20,
    END_RECORD_64 = 56,
    MAX_COMMENT = 65535,
    EXTRA_ZIP64 = 1,
};

#define LOCAL_SIGNATURE 0x04034b50u
#define CENTRAL_SIGNATURE 0x02014b50u
#define END_SIGNATURE 0x06054b50u
#define END_LOCATOR_64_SIGNATURE 0x07064b50u
#define END_64_SIGNATURE 0x06064b50u

static uint64_t number_at(const unsigned char *bytes, int count)
{
    uint64_t number = 0;
    for (int i = count - 1; i >= 0; i--)
        number = number << 8 | bytes[i];
    return number;
}

static bert_status damaged(const char *path, const char *what, bert_error *error)
{
    return error_set(error, BERT_ERROR_INPUT, "%s: damaged zip archive: %s", path, what);
}

/* `count` bytes at `offset`; NULL if they are not inside the file. */
static const unsigned char *bytes_at(const file_map *map, uint64_t offset, uint64_t count)
{
    if (offset > map->size || count > map->size - offset)
        return NULL;
    return map->data + offset;
}

bool zip_detect(const file_map *map)
{
    const unsigned char *start = bytes_at(map, 0, 4);
    return start && number_at(start, 4) == LOCAL_SIGNATURE;
}

/* ------------------------------------------------------------------------ end record --- */

typedef struct directory {
    uint64_t offset, size, count;
} directory;

static bert_status find_directory(directory *found, const char *path, const file_map *map,
                                  bert_error *error)
{
    if (map->size < END_RECORD)
        return damaged(path, "it is too short", error);
    size_t last = map->size - END_RECORD, offset = last;
    size_t first = last > MAX_COMMENT ? last - MAX_COMMENT : 0;
    while (number_at(map->data + offset, 4) != END_SIGNATURE) {
        if (offset == first)
            return damaged(path, "it has no end record; is it truncated?", error);
        offset--;
    }
    const unsigned char *end = map->data + offset;
    *found = (directory){.offset = number_at(end + 16, 4),
                         .size = number_at(end + 12, 4),
                         .count = number_at(end + 10, 2)};
    const unsigned char *locator =
        offset >= END_LOCATOR_64 ? map->data + offset - END_LOCATOR_64 : NULL;
    if (!locator || number_at(locator, 4) != END_LOCATOR_64_SIGNATURE)
        return BERT_OK;
    const unsigned char *wide = bytes_at(map, number_at(locator + 8, 8), END_RECORD_64);
    if (!wide || number_at(wide, 4) != END_64_SIGNATURE)
        return damaged(path, "its Zip64 end record is not where it should be", error);
    *found = (directory){.offset = number_at(wide + 48, 8),
                         .size = number_at(wide + 40, 8),
                         .count = number_at(wide + 32, 8)};
    return BERT_OK;
}

/* --------------------------------------------------------------------------------- entries --- */

/* Replaces the numbers that are all ones in 32 bits by those of the Zip64 extra field, which holds
 * only these, in this order. False if the field is truncated. */
static bool apply_zip64(const unsigned char *extra, size_t extra_size, uint64_t *numbers[3])
{
    while (extra_size >= 4) {
        size_t kind = number_at(extra, 2), size = number_at(extra + 2, 2);
        if (size > extra_size - 4)
            return false;
        const unsigned char *field = extra + 4;
        for (int i = 0; kind == EXTRA_ZIP64 && i < 3; i++) {
            if (*numbers[i] != UINT32_MAX)
                continue;
            if (size < 8)
                return false;
            *numbers[i] = number_at(field, 8);
            field += 8;
            size -= 8;
        }
        size_t entry_size = 4 + (size_t)number_at(extra + 2, 2);
        extra += entry_size;
        extra_size -= entry_size;
    }
    return true;
}

static bert_status read_entry(zip_entry *entry, const char *path, const file_map *map,
                              const unsigned char *header, size_t extra_size, bert_error *error)
{
    uint64_t flags = number_at(header + 8, 2), method = number_at(header + 10, 2);
    uint64_t compressed = number_at(header + 20, 4), size = number_at(header + 24, 4);
    uint64_t offset = number_at(header + 42, 4);
    entry->name = (const char *)header + CENTRAL_HEADER;
    entry->name_length = number_at(header + 28, 2);
    entry->checksum = (uint32_t)number_at(header + 16, 4);
    if (method != 0 || flags & 1)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s: %.*s is compressed or encrypted in the archive; torch.save stores "
                         "files uncompressed",
                         path, (int)entry->name_length, entry->name);
    if (!apply_zip64(header + CENTRAL_HEADER + entry->name_length, extra_size,
                     (uint64_t *[]){&size, &compressed, &offset}))
        return damaged(path, "an extra field is truncated", error);
    const unsigned char *local = bytes_at(map, offset, LOCAL_HEADER);
    if (!local || number_at(local, 4) != LOCAL_SIGNATURE || compressed != size)
        return damaged(path, "a file is not at the offset in its directory", error);
    uint64_t start = offset + LOCAL_HEADER + number_at(local + 26, 2) + number_at(local + 28, 2);
    entry->data = bytes_at(map, start, size);
    entry->size = (size_t)size;
    return entry->data ? BERT_OK : damaged(path, "a file extends past its end", error);
}

static bert_status read_directory(zip_archive *archive, const char *path, const file_map *map,
                                  const directory *directory, bert_error *error)
{
    const unsigned char *header = bytes_at(map, directory->offset, directory->size);
    uint64_t left = directory->size, total = 0;
    if (!header || directory->count > directory->size / CENTRAL_HEADER)
        return damaged(path, "its directory extends past its end", error);
    TRY(memory_array((void **)&archive->entries, (size_t)directory->count, sizeof *archive->entries,
                     "files of an archive", error));
    for (uint64_t i = 0; i < directory->count; i++) {
        if (left < CENTRAL_HEADER || number_at(header, 4) != CENTRAL_SIGNATURE)
            return damaged(path, "its directory does not have the declared number of files", error);
        size_t extra = number_at(header + 30, 2);
        uint64_t entry_size =
            CENTRAL_HEADER + number_at(header + 28, 2) + extra + number_at(header + 32, 2);
        if (entry_size > left)
            return damaged(path, "its directory is truncated", error);
        TRY(read_entry(&archive->entries[archive->count++], path, map, header, extra, error));
        total += archive->entries[i].size;
        if (total > map->size)
            return damaged(path, "its files overlap", error);
        header += entry_size;
        left -= entry_size;
    }
    return BERT_OK;
}

bert_status zip_open(zip_archive *archive, const char *path, const file_map *map, bert_error *error)
{
    directory directory = {0};
    *archive = (zip_archive){0};
    TRY(find_directory(&directory, path, map, error));
    bert_status status = read_directory(archive, path, map, &directory, error);
    if (status != BERT_OK)
        zip_close(archive);
    return status;
}

void zip_close(zip_archive *archive)
{
    free(archive->entries);
    *archive = (zip_archive){0};
}

bert_status zip_verify(const char *path, const zip_entry *entry, bert_error *error)
{
    if (crc32_z(crc32_z(0, NULL, 0), entry->data, entry->size) == entry->checksum)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT, "%s: damaged: the checksum of %.*s does not match",
                     path, (int)entry->name_length, entry->name);
}
