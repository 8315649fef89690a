#include "corpus/packing.h"

#include <archive.h>
#include <string.h>

static const packing gzip = {.name = "gzip", .decoder = &decoder_gzip};
static const packing zstd = {.name = "zstd", .decoder = &decoder_zstd};
static const packing lz4 = {.name = "LZ4", .decoder = &decoder_lz4};
static const packing lz4_legacy = {.name = "LZ4", .support = archive_read_support_filter_lz4};
static const packing bzip2 = {.name = "bzip2", .support = archive_read_support_filter_bzip2};
static const packing xz = {.name = "xz", .support = archive_read_support_filter_xz};
static const packing lzma = {.name = "LZMA", .support = archive_read_support_filter_lzma};
static const packing lzip = {.name = "lzip", .support = archive_read_support_filter_lzip};
static const packing compress = {.name = "compress (.Z)",
                                 .support = archive_read_support_filter_compress};
static const packing zip = {
    .name = "zip", .is_archive = true, .support = archive_read_support_format_zip};
static const packing tar = {
    .name = "tar", .is_archive = true, .support = archive_read_support_format_tar};
/* libarchive reads some of these, but only from files in which it can seek, or by programs that it
 * executes. */
static const packing seven_zip = {
    .name = "a 7-Zip archive", .is_archive = true, .remedy = "unpack it, e.g. with 7z x"};
static const packing rar = {
    .name = "a RAR archive", .is_archive = true, .remedy = "unpack it, e.g. with unrar x"};
static const packing lzop = {.name = "compressed by lzop", .remedy = "decompress it with lzop -d"};
static const packing lrzip = {.name = "compressed by lrzip",
                              .remedy = "decompress it with lrzip -d"};
static const packing snappy = {.name = "compressed by snappy (framed)",
                               .remedy = "decompress it, e.g. with snzip -d"};

static const struct {
    const char *magic;
    size_t offset, size;
    const packing *packing;
} magics[] = {
    {"\x1F\x8B\x08", 0, 3, &gzip},
    {"1AY&SY", 4, 6, &bzip2},
    {"\x17\x72\x45\x38\x50\x90", 4, 6, &bzip2}, /* of nothing */
    {"\xFD\x37zXZ\0", 0, 6, &xz},
    {"\x28\xB5\x2F\xFD", 0, 4, &zstd},
    {"\x04\x22\x4D\x18", 0, 4, &lz4},
    {"\x02\x21\x4C\x18", 0, 4, &lz4_legacy},
    {"LZIP\x01", 0, 5, &lzip},
    {"\x5D\0\0", 0, 3, &lzma},
    {"\x1F\x9D", 0, 2, &compress},
    {"PK\x03\x04", 0, 4, &zip},
    {"PK\x05\x06", 0, 4, &zip}, /* without files */
    {"PK\x07\x08", 0, 4, &zip}, /* meant to be split */
    {"ustar", 257, 5, &tar},
    {"7z\xBC\xAF\x27\x1C", 0, 6, &seven_zip},
    {"Rar!\x1A\x07", 0, 6, &rar},
    {"\x89LZO\0\r\n\x1A\n", 0, 9, &lzop},
    {"LRZI\0", 0, 5, &lrzip},
    {"\xFF\x06\0\0sNaPpY", 0, 10, &snappy},
};

static const packing *find_magic(const char *head, size_t size)
{
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (size >= magics[i].offset + magics[i].size &&
            memcmp(head + magics[i].offset, magics[i].magic, magics[i].size) == 0)
            return magics[i].packing;
    return NULL;
}

static uint32_t little_endian(const char *data)
{
    const unsigned char *bytes = (const unsigned char *)data;
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static bool is_skippable_frame(const char *head, size_t size)
{
    return size >= 8 && (little_endian(head) & 0xFFFFFFF0) == 0x184D2A50;
}

/* Frames to be skipped are the same in Zstandard and LZ4; what follows them tells. Where that is
 * not in sight, it is Zstandard: pzstd and seekable files have such frames. */
static const packing *after_skippable_frames(const char *head, size_t size)
{
    while (is_skippable_frame(head, size)) {
        size_t frame = 8 + (size_t)little_endian(head + 4);
        if (frame >= size)
            return &zstd;
        head += frame;
        size -= frame;
    }
    return find_magic(head, size) == &lz4 ? &lz4 : &zstd;
}

/* Whether this is a header of tar, from before its magic number: the sum of its bytes is in it. */
static bool is_old_tar(const char *head, size_t size)
{
    enum { HEADER = 512, SUM = 148, SUM_SIZE = 8 };
    if (size < HEADER || head[0] == '\0')
        return false;
    unsigned stated = 0, sum = SUM_SIZE * ' ';
    size_t i = SUM;
    while (i < SUM + SUM_SIZE && head[i] == ' ')
        i++;
    for (; i < SUM + SUM_SIZE && head[i] >= '0' && head[i] <= '7'; i++)
        stated = stated * 8 + (unsigned)(head[i] - '0');
    for (size_t j = 0; j < HEADER; j++)
        if (j < SUM || j >= SUM + SUM_SIZE)
            sum += (unsigned char)head[j];
    return stated == sum;
}

const packing *packing_detect(const char *head, size_t size)
{
    if (is_skippable_frame(head, size))
        return after_skippable_frames(head, size);
    const packing *found = find_magic(head, size);
    return !found && is_old_tar(head, size) ? &tar : found;
}

size_t packing_empty_member(const packing *packing, const char *head, size_t size)
{
    /* The end marker of LZMA, the checksum, size and length of the member; before them are a magic
     * number and the size of the dictionary. */
    static const char rest[] = "\0\x83\xFF\xFB\xFF\xFF\xC0\0\0\0" /* LZMA */
                               "\0\0\0\0\0\0\0\0\0\0\0\0"         /* checksum and size */
                               "\x24\0\0\0\0\0\0"; /* length; the last 0 is the string's own */
    enum { HEAD = 6 };
    bool is_empty = packing == &lzip && size >= HEAD + sizeof rest &&
                    find_magic(head, size) == &lzip && memcmp(head + HEAD, rest, sizeof rest) == 0;
    return is_empty ? HEAD + sizeof rest : 0;
}
