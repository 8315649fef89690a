/* The templates that stand for words (wiki_template_table.c), and what they render. */
#ifndef CORPUS_WIKI_TEMPLATES_H
#define CORPUS_WIKI_TEMPLATES_H

#include <stddef.h>

/* What is appended for a template. In a format
 *
 *   $1 to $9   is a positional argument, or the one named by the number,
 *   $-         the last positional argument,
 *   $* and $+  all of them, separated by spaces or not at all,
 *   $(lt,1)    the first argument of these that is not empty,
 *   {…}        appended only if no argument in it is empty, not nested,
 *   $$ ${ $}   a literal dollar sign or brace;
 *
 * the rest is literal. A format that begins with "!" names a function of wiki_templates.c. */
typedef struct wiki_template {
    const char *name, *format;
} wiki_template;

extern const wiki_template wiki_templates[]; /* sorted by name */
extern const size_t wiki_template_count;

#endif
