/* Makes compressed files and archives with libarchive. */
#ifndef TESTS_CORPUS_PACKED_H
#define TESTS_CORPUS_PACKED_H

#include "testing.h"

#include "base/text.h"

#include <archive.h>
#include <archive_entry.h>

typedef int archive_option(struct archive *);

typedef struct packing_kind {
    const char *name;
    archive_option *filter, *format;
    bool is_checked;   /* there is a checksum of the content */
    bool concatenates; /* files one after the other are the text of all */
} packing_kind;

enum { PACKINGS_SINGLE = 8, PACKINGS_ALL = 13 }; /* the others are archives */

static const packing_kind packings[PACKINGS_ALL] = {
    {"gzip", archive_write_add_filter_gzip, archive_write_set_format_raw, true, true},
    {"bzip2", archive_write_add_filter_bzip2, archive_write_set_format_raw, true, true},
    {"xz", archive_write_add_filter_xz, archive_write_set_format_raw, true, true},
    /* Checksums are optional, and libarchive does not write them. */
    {"zstd", archive_write_add_filter_zstd, archive_write_set_format_raw, false, true},
    {"lz4", archive_write_add_filter_lz4, archive_write_set_format_raw, true, true},
    {"lzip", archive_write_add_filter_lzip, archive_write_set_format_raw, true, true},
    {"lzma", archive_write_add_filter_lzma, archive_write_set_format_raw, false, false},
    {"compress", archive_write_add_filter_compress, archive_write_set_format_raw, false, false},
    {"zip", archive_write_add_filter_none, archive_write_set_format_zip, true, false},
    {"tar", archive_write_add_filter_none, archive_write_set_format_ustar, false, true},
    {"old tar", archive_write_add_filter_none, archive_write_set_format_v7tar, false, true},
    {"tar.gz", archive_write_add_filter_gzip, archive_write_set_format_pax, true, true},
    {"tar.zst", archive_write_add_filter_zstd, archive_write_set_format_gnutar, false, true},
};

static inline const packing_kind *packing_named(const char *name)
{
    for (size_t i = 0; i < PACKINGS_ALL; i++)
        if (strcmp(packings[i].name, name) == 0)
            return &packings[i];
    fail_msg("no packing is called %s", name);
    return NULL;
}

static inline la_ssize_t pack_write(struct archive *archive, void *context, const void *data,
                                    size_t length)
{
    (void)archive;
    bert_error error;
    return text_append(context, data, length, &error) == BERT_OK ? (la_ssize_t)length : -1;
}

/* What is packed is appended to `out`. `encryption`: an option of libarchive's; NULL: none. */
static inline struct archive *pack_start(const packing_kind *packing, const char *encryption,
                                         text *out)
{
    struct archive *archive = archive_write_new();
    assert_int_equal(packing->filter(archive), ARCHIVE_OK);
    assert_int_equal(packing->format(archive), ARCHIVE_OK);
    archive_write_set_bytes_in_last_block(archive, 1);
    if (encryption) {
        assert_int_equal(archive_write_set_options(archive, encryption), ARCHIVE_OK);
        assert_int_equal(archive_write_set_passphrase(archive, "secret"), ARCHIVE_OK);
    }
    assert_int_equal(archive_write_open(archive, out, NULL, pack_write, NULL), ARCHIVE_OK);
    return archive;
}

static inline void pack_member(struct archive *archive, const char *name, const char *data,
                               size_t length)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, (la_int64_t)length);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
    assert_int_equal(archive_write_data(archive, data, length), length);
    archive_entry_free(entry);
}

static inline void pack_end(struct archive *archive)
{
    assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
    archive_write_free(archive);
}

/* Appends a packed file of one member. */
static inline void pack(text *out, const char *packing, const char *name, const char *data,
                        size_t length)
{
    /* Of nothing, libarchive's writers crash, or make a zero of it. */
    if (length == 0 && strcmp(packing, "lz4") == 0) {
        static const char empty[] = "\x04\x22\x4D\x18\x64\x40\xA7\0\0\0\0\x05\x5D\xCC\x02";
        assert_ok(text_append(out, empty, sizeof empty - 1, error));
        return;
    }
    if (length == 0 && strcmp(packing, "compress") == 0) {
        assert_ok(text_append(out, "\x1F\x9D\x90", 3, error));
        return;
    }
    struct archive *archive = pack_start(packing_named(packing), NULL, out);
    pack_member(archive, name, data, length);
    pack_end(archive);
}

#endif
