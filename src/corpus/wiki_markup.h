/* Extracts the prose of a page in MediaWiki markup (mediawiki.org/wiki/Help:Formatting).
 *
 * Dropped are headings, templates, tables, references, formulas, files with their captions,
 * categories, and reference sections ("See also", "References" …; English names). Links are
 * replaced by their labels, list items become paragraphs, and a few templates are replaced by the
 * words that they render (wiki_templates.c). Unclosed markup is treated as text. Runs in linear
 * time for any input. */
#ifndef CORPUS_WIKI_MARKUP_H
#define CORPUS_WIKI_MARKUP_H

#include "base/text.h"

/* Names of the namespaces whose links render no text, in lower case, each followed by a line feed.
 * English names are always recognized. */
typedef text wiki_namespaces;

/* Appends the paragraphs of a page, separated by line feeds. `markup` is valid UTF-8 without
 * control characters except line feeds and tabs. `scratch` is a work buffer. */
bert_status wiki_markup_append(text *out, const char *markup, size_t length,
                               const wiki_namespaces *namespaces, text *scratch, bert_error *error);

/* Step 1: inline markup, within a line or across lines. A literal '|' becomes WIKI_LITERAL_PIPE, so
 * that it does not separate arguments. */
enum { WIKI_LITERAL_PIPE = '\x01' };
bert_status wiki_inline_append(text *out, const char *markup, size_t length,
                               const wiki_namespaces *namespaces, bert_error *error);

/* Appends the words that a template ("lang|fr|mot") renders, if it is known. */
bert_status wiki_template_append(text *out, const char *template, size_t length, bert_error *error);

/* Step 2: lines: headings, lists, paragraphs. */
bert_status wiki_lines_append(text *out, const char *lines, size_t length, bert_error *error);

#endif
