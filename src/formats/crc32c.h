/* CRC-32C (Castagnoli polynomial, RFC 3720 B.4), the checksum of Google's file formats. */
#ifndef FORMATS_CRC32C_H
#define FORMATS_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of data[size], continuing from the checksum of the preceding bytes (0 for none). */
uint32_t crc32c(uint32_t preceding, const void *data, size_t size);

/* The masked form that files store, because the CRC of data that contains its own CRC is degenerate
 * (LevelDB, util/crc32c.h). */
uint32_t crc32c_mask(uint32_t checksum);

#endif
