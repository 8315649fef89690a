/* Extracts the prose of a page in MediaWiki markup (mediawiki.org/wiki/Help:Formatting).
 *
 * Dropped are headings, templates, tables, references, formulas, files with their captions,
 * categories, and sections that only point elsewhere ("See also", "References" …). Links are
 * replaced by their labels, list items become paragraphs, and some templates are replaced by the
 * words that they render (wiki_templates.h). Unclosed markup is treated as text. Runs in linear
 * time for any input. */
#ifndef CORPUS_WIKI_MARKUP_H
#define CORPUS_WIKI_MARKUP_H

#include "base/text.h"

/* What the markup of a page depends on. */
typedef struct wiki_page {
    /* Names of the namespaces whose links render no text, in lower case, each followed by a line
     * feed. Those of large Wikipedias are always recognized. */
    const text *namespaces;
    const char *title; /* NULL: unknown */
    bool has_variants; /* a language of several scripts or countries, which converts "-{…}-" */
} wiki_page;

/* Appends the paragraphs of a page, separated by line feeds. `markup` is valid UTF-8 without
 * control characters except line feeds and tabs. `scratch` is a work buffer. */
bert_status wiki_markup_append(text *out, const char *markup, size_t length, const wiki_page *page,
                               text *scratch, bert_error *error);

/* Step 1: inline markup, within a line or across lines. A literal '|' becomes WIKI_LITERAL_PIPE, so
 * that it does not separate arguments. */
enum { WIKI_LITERAL_PIPE = '\x01' };
bert_status wiki_inline_append(text *out, const char *markup, size_t length, const wiki_page *page,
                               bert_error *error);

/* Appends the words that a template ("lang|fr|mot") renders, if it is known. */
bert_status wiki_template_append(text *out, const char *template, size_t length,
                                 const wiki_page *page, bert_error *error);

/* The text that is shown of "zh-hans:…; zh-hant:…" or "flags|…" between "-{" and "}-": of several
 * variants the first. Sets *start and *size within `content`. */
void wiki_variant_find(const char *content, size_t length, size_t *start, size_t *size);

/* Whether pages of a language (BCP 47, as of xml:lang) have variants. */
bool wiki_language_has_variants(const char *language);

/* Whether a link with this prefix, the part before the colon, renders no text. */
bool wiki_prefix_is_hidden(const wiki_page *page, const char *prefix, size_t length);

/* Whether a page only points to another one: "#REDIRECT [[…]]", in any language. */
bool wiki_is_redirect(const char *markup, size_t length);

/* Whether a section with this heading has no prose, only references and links. */
bool wiki_section_is_pointer(const char *name, size_t length);

/* Writes a name in lower case and returns its size; 0 if it is longer than any that is known. */
enum { WIKI_NAME_MAX = 64 };
size_t wiki_lower(char out[WIKI_NAME_MAX], const char *name, size_t length);

/* The UTF-8 of a named character ("nbsp"), owned by the library; NULL if there is none. */
const char *wiki_entity_find(const char *name, size_t length);

/* What is dropped of a tag of MediaWiki: itself, or also its content. */
typedef enum wiki_tag_kind {
    WIKI_TAG_BARE,
    WIKI_TAG_BREAK,   /* ends the paragraph */
    WIKI_TAG_SPACE,   /* stands for a space */
    WIKI_TAG_LITERAL, /* its content is text */
    WIKI_TAG_WHOLE,
} wiki_tag_kind;

enum { WIKI_TAGS_MAX = 256 };
typedef struct wiki_tag {
    const char *name;
    wiki_tag_kind kind;
} wiki_tag;

extern const wiki_tag wiki_tags[]; /* sorted by name */
extern const size_t wiki_tag_count;

/* The index of a tag; wiki_tag_count if it is not one of MediaWiki's, and so is text. */
size_t wiki_tag_find(const char *name, size_t length);

/* Shortens a text. */
void wiki_cut(text *text, size_t length);

/* Step 2: lines: headings, lists, paragraphs. */
bert_status wiki_lines_append(text *out, const char *lines, size_t length, bert_error *error);

#endif
