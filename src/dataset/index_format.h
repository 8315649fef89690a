/* Constants of Megatron-LM's index files and of the .sentences file (formats: dataset/shard.h),
 * shared by reader and writer. */
#ifndef DATASET_INDEX_FORMAT_H
#define DATASET_INDEX_FORMAT_H

#define INDEX_MAGIC "MMIDIDX\0" /* 9 bytes with the terminator */
#define SENTENCES_MAGIC "BERTSENT"

enum {
    INDEX_MAGIC_SIZE = 9,
    INDEX_VERSION = 1,
    INDEX_HEADER_SIZE = 34, /* magic, u64 version, u8 type, u64 sequences, u64 document entries */
    INDEX_TYPE_INT32 = 4,
    INDEX_TYPE_UINT16 = 8,
    INDEX_UINT16_VOCABULARY = 65500, /* smaller vocabularies have uint16 ids */
};

enum {
    SENTENCES_MAGIC_SIZE = 8,
    SENTENCES_VERSION = 1,
    SENTENCES_HEADER_SIZE =
        48, /* magic, u64 version, sentences, documents, tokens, long sentences */
    SENTENCES_CHECKSUM_SIZE = 8,
    SENTENCES_BLOCK = 64, /* sentences per entry of the token table */
    SENTENCES_LONGEST_BYTE =
        255, /* in tokens; a longer sentence is a 0 and has an entry of its own */
};

_Static_assert(sizeof INDEX_MAGIC == INDEX_MAGIC_SIZE, "the magic has nine bytes");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "index files are little-endian and are mapped as they are");

#endif
