/* CRC-32C (Castagnoli's polynomial, RFC 3720 B.4), with which Google's formats are checked. */
#ifndef FORMATS_CRC32C_H
#define FORMATS_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Of data[size], going on from the checksum of what stands before it; that of nothing is 0. */
uint32_t crc32c(uint32_t before, const void *data, size_t size);

/* As files store it, so that the checksum of a piece with a checksum in it stays a good one
 * (LevelDB, util/crc32c.h). */
uint32_t crc32c_mask(uint32_t checksum);

#endif
