/* Weights of prepared files: how often a document comes in an epoch.
 *
 * A document of weight w comes w times on average: floor(w) times in every epoch, and once more in
 * a share of them, w − floor(w). That share goes round: each document has a place on a circle,
 * drawn once, and an epoch takes an arc of it that begins where the one before it ended. So with
 * 0.1 ten epochs in a row take ten different tenths, and in any n epochs a document comes n × w
 * times, one more or less. */
#ifndef DATASET_WEIGHTS_H
#define DATASET_WEIGHTS_H

#include "dataset/dataset.h"

/* The most that a document of this weight comes in an epoch. */
uint32_t weight_copies(double weight);

/* How often this one comes in this epoch. */
uint32_t weight_times(double weight, uint64_t seed, uint64_t epoch, uint64_t document);

/* Documents of a shard in an epoch, each as often as it comes. */
uint64_t weight_documents(const dataset_shard *shard, uint64_t seed, uint64_t epoch);

/* What a draw takes for its epoch, for the given copy of a document: that copies of one differ. */
uint64_t weight_epoch(uint64_t epoch, uint32_t copy);

#endif
