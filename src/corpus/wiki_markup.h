/* The prose of a page in MediaWiki's markup (mediawiki.org/wiki/Help:Formatting).
 *
 * Left out are headings, templates, tables, references, formulas, files with their captions,
 * categories, and the sections that only point elsewhere ("See also", "References" …; English
 * names). Of links the label stays, of lists the items, each a paragraph; of a few templates that
 * stand for words of the sentence, these words (wiki_templates.c). What is not closed is read as
 * text. Time grows with the length, whatever the markup: nothing is looked for twice. */
#ifndef CORPUS_WIKI_MARKUP_H
#define CORPUS_WIKI_MARKUP_H

#include "base/text.h"

/* Names of the namespaces whose links show no text, each with a line feed behind it, in lower case.
 * English names count in any case. */
typedef text wiki_namespaces;

/* Appends the paragraphs of a page, valid UTF-8 without control characters but line feeds and tabs,
 * with a line feed between two. `scratch` is work space. */
bert_status wiki_markup_append(text *out, const char *markup, size_t length,
                               const wiki_namespaces *namespaces, text *scratch, bert_error *error);

/* The steps of it. First all that may stand inside a line or reach over several; what was literally
 * a '|' has become WIKI_LITERAL_PIPE, so that it parts no arguments. */
enum { WIKI_LITERAL_PIPE = '\x01' };
bert_status wiki_inline_append(text *out, const char *markup, size_t length,
                               const wiki_namespaces *namespaces, bert_error *error);

/* The words that a template ("lang|fr|mot") stands for; mostly none. */
bert_status wiki_template_append(text *out, const char *template, size_t length, bert_error *error);

/* Then the lines: headings, lists, paragraphs. */
bert_status wiki_lines_append(text *out, const char *lines, size_t length, bert_error *error);

#endif
