/* The scores that GLUE judges by, with the definitions of scikit-learn 1.x and scipy 1.x, which its
 * published figures were made with (Wang et al. 2018, section 3). All in double, in the order of
 * the examples. */
#ifndef TASKS_SCORES_H
#define TASKS_SCORES_H

#include "base/error.h"

/* Share of predictions that are the label; NaN where there are none. */
double score_accuracy(const int32_t *predictions, const int32_t *labels, size_t count);

/* F1 of class 1: 2 TP / (2 TP + FP + FN). 0 where class 1 is neither predicted nor a label, as
 * f1_score's zero_division="warn" has it. */
double score_f1(const int32_t *predictions, const int32_t *labels, size_t count);

/* Matthews' correlation (1975), for more than two classes as Gorodkin (2004) extended it. 0 where
 * predictions or labels are all of one class, as matthews_corrcoef has it. Classes are 0 to
 * class_count − 1. */
bert_status score_matthews(double *score, const int32_t *predictions, const int32_t *labels,
                           size_t count, size_t class_count, bert_error *error);

/* Pearson's correlation, within [-1, 1]. NaN where one side does not vary, as scipy.stats.pearsonr
 * has it, and for fewer than two examples, which scipy refuses. */
double score_pearson(const double *predictions, const double *labels, size_t count);

/* Spearman's: Pearson's of the ranks, equals sharing the mean of theirs (scipy.stats.spearmanr).
 * NaN as above. */
bert_status score_spearman(double *score, const double *predictions, const double *labels,
                           size_t count, bert_error *error);

#endif
