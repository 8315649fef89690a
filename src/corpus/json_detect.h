/* Tells from the beginning of an input whether it is JSON, and what kind. */
#ifndef CORPUS_JSON_DETECT_H
#define CORPUS_JSON_DETECT_H

#include "corpus/reader.h"

/* Whether the input is to be read as JSON: because of its name (.jsonl, .json, .ndjson), or because
 * it begins with an object that has a member, an array of objects or an array with strings. Prose
 * may begin with a bracket, too. Where the user names the members that hold the text, a bracket
 * that may begin JSON is enough: what is wrong with it shall be told. */
bool json_detect(const reader *reader, const char *head, size_t size);

/* Whether an input is one object whose members are documents, {"ID": ["sentence", …], …} or
 * {"ID": "text", …}, and not the object of one document, as far as `head` shows it: nothing follows
 * it, all its members are lists of strings or strings, and it is one list alone, or none of them
 * has a name that properties of a text usually have ("text", "id", "sentences" …). */
bool json_detect_documents(const char *head, size_t size);

#endif
