/* The matrices of an optimizer that orthogonalises them (optim/muon.c), shared between the ranks:
 * each orthogonalises some, and all get all. In rounds, so that memory is bounded: in each, a rank
 * takes one matrix, all of them of the same shape where that is possible. */
#ifndef TRAIN_OPTIMIZER_MATRICES_H
#define TRAIN_OPTIMIZER_MATRICES_H

#include "dist/exchange.h"
#include "model/parameters.h"
#include "optim/optimizers.h"

typedef struct matrix_work matrix_work;

/* The table and the job (NULL: alone) must outlive it. */
bert_status matrix_work_create(matrix_work **out, const optimizer_type *type,
                               const parameter_table *table, const operations *operations,
                               bert_job *job, bert_error *error);
void matrix_work_free(matrix_work *work); /* NULL is allowed */

/* directions: laid out as the table says, the same on all ranks before and after. */
bert_status matrix_work_run(matrix_work *work, float *directions,
                            const optimizer_settings *settings, const optimizer_step *step,
                            bert_error *error);

#endif
