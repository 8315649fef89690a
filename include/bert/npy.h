/* Rows of numbers as a file that numpy.load opens (NumPy Enhancement Proposal 1, version 1.0). Part
 * of bert.h. */
#ifndef BERT_NPY_H
#define BERT_NPY_H

#include "bert/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An array float32[rows, columns] being written; how many rows it gets need not be known. The file
 * appears whole, at the commit, or not at all. */
typedef struct bert_npy bert_npy;

BERT_API bert_status bert_npy_open(bert_npy **npy, const char *path, size_t columns,
                                   bert_error *error);
/* rows[count, columns] */
BERT_API bert_status bert_npy_write(bert_npy *npy, const float *rows, size_t count,
                                    bert_error *error);
/* Releases `npy` in any case. */
BERT_API bert_status bert_npy_commit(bert_npy *npy, bert_error *error);
BERT_API void bert_npy_discard(bert_npy *npy); /* takes NULL */

#ifdef __cplusplus
}
#endif
#endif
