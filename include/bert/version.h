/* The version of libbert, and what programs that were built against one may expect of another.
 *
 * Versions are MAJOR.MINOR.PATCH. Every function and type of the public headers belongs to the
 * interface (ABI); a program finds the shared library by its SONAME:
 *
 * - Before 1.0 the SONAME is libbert.so.0.MINOR. A new MINOR may change anything, and programs are
 *   to be compiled again; a new PATCH changes nothing that a compiled program relies on.
 * - From 1.0 on it is libbert.so.MAJOR. A new MINOR adds functions only.
 *
 * Structs belong to the ABI with their size: members are added where the SONAME changes. Start
 * from what bert_…_params_default() returns, and a program that is compiled again gets the default
 * of members it does not know. The static library and the headers go together, always. */
#ifndef BERT_VERSION_H
#define BERT_VERSION_H

#include "bert/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of these headers. CMakeLists.txt reads the version here. */
#define BERT_VERSION_MAJOR 0
#define BERT_VERSION_MINOR 1
#define BERT_VERSION_PATCH 0

/* 100 for 0.1.0, 10203 for 1.2.3: versions compare as numbers. */
#define BERT_VERSION_NUMBER \
    (BERT_VERSION_MAJOR * 10000 + BERT_VERSION_MINOR * 100 + BERT_VERSION_PATCH)

/* "0.1.0" */
#define BERT_VERSION_TEXT(number) #number
#define BERT_VERSION_JOIN(major, minor, patch) \
    BERT_VERSION_TEXT(major) "." BERT_VERSION_TEXT(minor) "." BERT_VERSION_TEXT(patch)
#define BERT_VERSION_STRING \
    BERT_VERSION_JOIN(BERT_VERSION_MAJOR, BERT_VERSION_MINOR, BERT_VERSION_PATCH)

/* Of the library that the program runs with, as BERT_VERSION_STRING. */
BERT_API const char *bert_version(void);

#ifdef __cplusplus
}
#endif
#endif
