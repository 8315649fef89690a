/* Recognizes compressed files and archives by their first bytes. */
#ifndef CORPUS_PACKING_H
#define CORPUS_PACKING_H

#include "corpus/decoder.h"

struct archive;

enum { PACKING_HEAD = 4096 /* bytes that are enough to recognize any packing */ };

typedef struct packing {
    const char *name;                 /* "gzip", for messages */
    bool is_archive;                  /* holds files with names */
    const decoder_format *decoder;    /* decompresses it; or */
    int (*support)(struct archive *); /* the filter or format of libarchive that reads it; or */
    const char *remedy;               /* what to do instead: it is not read */
} packing;

/* The bytes of an empty member at the beginning of data of this packing, if libarchive's filter would
 * end at it; else 0. */
size_t packing_empty_member(const packing *packing, const char *head, size_t size);

/* The packing of data that begin with head[0, size); NULL if they are neither compressed nor an
 * archive. `size` is at least PACKING_HEAD, or all that there is. */
const packing *packing_detect(const char *head, size_t size);

#endif
