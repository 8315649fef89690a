/* The arithmetic of scheme_stream, whose samples need no table.
 *
 * The stream is the tokens of all documents with one [SEP] between two (FULL-SENTENCES of Liu et
 * al. 2019, section 4.2, but cut at tokens). It is split into samples of full length from an offset
 * that is drawn for each epoch, so that the boundaries vary. */
#ifndef DATASET_SEGMENTS_H
#define DATASET_SEGMENTS_H

#include "dataset/scheme.h"

uint64_t stream_samples(const dataset *data, const sample_settings *settings, uint64_t epoch);

/* Position of a sample's first token in the stream. */
uint64_t stream_start(const sample_settings *settings, uint64_t epoch, uint64_t index);

#endif
