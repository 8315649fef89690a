/* Weights of prepared files: how often a document occurs in an epoch.
 *
 * A document of weight w occurs w times on average: floor(w) times in every epoch, and once more in
 * a share w − floor(w) of them. The share rotates: each document has a random position on a circle,
 * and each epoch selects an arc that begins where the previous one ended. So with weight 0.1, ten
 * consecutive epochs select ten different tenths, and in any n epochs a document occurs n × w
 * times, give or take one. */
#ifndef DATASET_WEIGHTS_H
#define DATASET_WEIGHTS_H

#include "dataset/dataset.h"

/* The maximum number of occurrences of a document of this weight in an epoch. */
uint32_t weight_copies(double weight);

/* The number of occurrences of a document in an epoch. */
uint32_t weight_times(double weight, uint64_t seed, uint64_t epoch, uint64_t document);

/* The number of documents of a shard in an epoch, counting repetitions. */
uint64_t weight_documents(const dataset_shard *shard, uint64_t seed, uint64_t epoch);

/* The epoch number for random draws of the given copy of a document, so that copies differ. */
uint64_t weight_epoch(uint64_t epoch, uint32_t copy);

#endif
