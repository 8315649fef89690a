/* Opens Arrow data in a source: as a stream, or by the footer of a file. */
#ifndef CORPUS_ARROW_SOURCE_H
#define CORPUS_ARROW_SOURCE_H

#include "corpus/source.h"
#include "formats/arrow.h"

/* Nothing of the source may have been consumed. *descriptor, to be closed after the reader, is -1
 * for a stream. The source must outlive the reader. */
bert_status arrow_source_open(arrow **out, int *descriptor, source *source, bert_error *error);

#endif
