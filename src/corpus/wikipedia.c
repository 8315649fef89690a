/* Streams Wikipedia's XML dumps (mediawiki.org/wiki/Help:Export): a document is the prose of a page
 * of namespace 0 that is not a redirect. Of several revisions the last one is used.
 *
 * Titles and headings are dropped, as for WikiText. Dumps never define entities; a DOCTYPE, which
 * could, is an error. */
#include "base/memory.h"
#include "corpus/reader.h"
#include "corpus/wiki_markup.h"

#include <ctype.h>
#include <libxml/xmlreader.h>
#include <stdlib.h>
#include <string.h>

typedef struct dump {
    reader *reader;
    xmlTextReader *xml;
    text namespaces;
    bool has_variants;               /* by the language */
    text title, number, model, text; /* of the current page: namespace, content model, text */
    text *open;                      /* destination of the open element's text; NULL: ignored */
    text name;                       /* of a namespace */
    text scratch;
    bool is_redirect;
    bert_status status; /* of a failed read or invalid XML */
    bert_error error;
} dump;

/* The root element must be within these bytes. */
static size_t head_size(size_t size)
{
    return size < 4096 ? size : 4096;
}

static bool detect(const reader *reader, const char *head, size_t size)
{
    (void)reader;
    size_t start = 0;
    while (start < size && isspace((unsigned char)head[start]))
        start++;
    return start < size && head[start] == '<' && memmem(head, head_size(size), "<mediawiki", 10);
}

/* --------------------------------------------------------------------------------- libxml --- */

static int read_input(void *context, char *data, int size)
{
    dump *dump = context;
    size_t got;
    dump->status = source_take(&dump->reader->source, data, (size_t)size, &got, &dump->error);
    return dump->status == BERT_OK ? (int)got : -1;
}

static void keep_error(void *context, xmlErrorPtr problem)
{
    dump *dump = context;
    if (dump->status != BERT_OK || problem->level < XML_ERR_ERROR)
        return;
    const char *message = problem->message ? problem->message : "it cannot be parsed";
    if (problem->code ==
        XML_ERR_DOCUMENT_END) /* libxml's message for both is misleading for the first */
        message = "it is truncated, or something follows its end";
    long at = xmlTextReaderByteConsumed(dump->xml);
    dump->status = error_set(&dump->error, BERT_ERROR_INPUT,
                             "%s: byte %ld, line %d: invalid XML: %.*s", dump->reader->source.name,
                             at > 0 ? at : 0, problem->line, (int)strcspn(message, "\n"), message);
}

static void end(reader *reader)
{
    dump *dump = reader->state;
    xmlFreeTextReader(dump->xml);
    text_free(&dump->namespaces);
    text_free(&dump->text);
    text_free(&dump->model);
    text_free(&dump->number);
    text_free(&dump->title);
    text_free(&dump->name);
    text_free(&dump->scratch);
    free(dump);
}

static bert_status reject_doctype(const reader *reader, bert_error *error)
{
    return error_set(error, BERT_ERROR_INPUT,
                     "%s: has a DOCTYPE, which Wikipedia dumps never have; rejected",
                     reader->source.name);
}

static bert_status start(reader *reader, bert_error *error)
{
    const source *source = &reader->source;
    if (memmem(source->buffer + source->begin, head_size(source->end - source->begin), "<!DOCTYPE",
               9))
        return reject_doctype(reader, error);
    dump *dump;
    TRY(memory_array((void **)&dump, 1, sizeof *dump, "a reader of dumps", error));
    reader->state = dump;
    dump->reader = reader;
    /* Keeps libxml's default limits: 10 MB per text node, depth, names. */
    dump->xml =
        xmlReaderForIO(read_input, NULL, dump, NULL, "UTF-8", XML_PARSE_NONET | XML_PARSE_COMPACT);
    if (!dump->xml)
        return error_set(error, BERT_ERROR_MEMORY, "%s: no memory for an XML reader",
                         reader->source.name);
    xmlTextReaderSetStructuredErrorHandler(dump->xml, keep_error, dump);
    return BERT_OK;
}

/* ---------------------------------------------------------------------------------- pages --- */

/* The destination of an element's text; NULL if it is ignored. */
static text *choose_text(dump *dump, const char *name, int depth)
{
    if (depth == 2 && strcmp(name, "title") == 0)
        return &dump->title;
    if (depth == 2 && strcmp(name, "ns") == 0)
        return &dump->number;
    if (depth == 3 && strcmp(name, "model") == 0)
        return &dump->model;
    if (depth == 3 && strcmp(name, "text") == 0)
        return &dump->text;
    return NULL;
}

/* Media, file and category: links to them render no text. */
static bool is_hidden_namespace(dump *dump, const char *name, int depth)
{
    if (depth != 3 || strcmp(name, "namespace") != 0)
        return false;
    xmlChar *key = xmlTextReaderGetAttribute(dump->xml, (const xmlChar *)"key");
    long number = key ? strtol((const char *)key, NULL, 10) : 0;
    xmlFree(key);
    return number == -2 || number == 6 || number == 14;
}

static void read_language(dump *dump)
{
    xmlChar *language = xmlTextReaderGetAttribute(dump->xml, (const xmlChar *)"xml:lang");
    dump->has_variants = language && wiki_language_has_variants((const char *)language);
    xmlFree(language);
}

static void begin_element(dump *dump, const char *name)
{
    int depth = xmlTextReaderDepth(dump->xml);
    if (depth == 0)
        read_language(dump);
    if (depth == 1 && strcmp(name, "page") == 0) {
        text_clear(&dump->title);
        text_clear(&dump->number);
        text_clear(&dump->model);
        text_clear(&dump->text);
        dump->is_redirect = false;
    }
    dump->is_redirect |= depth == 2 && strcmp(name, "redirect") == 0;
    dump->open = choose_text(dump, name, depth);
    if (dump->open) /* replaces an earlier revision */
        text_clear(dump->open);
    else if (is_hidden_namespace(dump, name, depth))
        dump->open = &dump->name;
    if (xmlTextReaderIsEmptyElement(dump->xml))
        dump->open = NULL;
}

static bert_status end_element(dump *dump, bert_error *error)
{
    text *open = dump->open;
    dump->open = NULL;
    if (open != &dump->name)
        return BERT_OK;
    char lower[WIKI_NAME_MAX];
    size_t size = wiki_lower(lower, open->data ? open->data : "", open->length);
    text_clear(open);
    TRY(text_append(&dump->namespaces, lower, size, error));
    return text_append(&dump->namespaces, "\n", 1, error);
}

static bool is_article(const dump *dump)
{
    return !dump->is_redirect && dump->text.length > 0 &&
           (dump->number.length == 0 || strcmp(dump->number.data, "0") == 0) &&
           (dump->model.length == 0 || strcmp(dump->model.data, "wikitext") == 0) &&
           !wiki_is_redirect(dump->text.data, dump->text.length); /* a dump may not say so */
}

/* Reads up to the end of the next page; *found is false at the end of the dump. */
static bert_status read_page(dump *dump, bool *found, bert_error *error)
{
    for (*found = false; !*found;) {
        int result = xmlTextReaderRead(dump->xml);
        if (dump->status != BERT_OK)
            return error_set(error, dump->status, "%s", dump->error.message);
        if (result < 0)
            return error_set(error, BERT_ERROR_INPUT, "%s: byte %ld: invalid XML",
                             dump->reader->source.name, xmlTextReaderByteConsumed(dump->xml));
        if (result == 0)
            return BERT_OK;
        const char *name = (const char *)xmlTextReaderConstLocalName(dump->xml);
        const char *value = (const char *)xmlTextReaderConstValue(dump->xml);
        switch (xmlTextReaderNodeType(dump->xml)) {
        case XML_READER_TYPE_DOCUMENT_TYPE:
            return reject_doctype(dump->reader, error);
        case XML_READER_TYPE_ELEMENT:
            begin_element(dump, name);
            break;
        case XML_READER_TYPE_END_ELEMENT:
            *found = xmlTextReaderDepth(dump->xml) == 1 && strcmp(name, "page") == 0;
            TRY(end_element(dump, error));
            break;
        default:
            if (dump->open && value)
                TRY(text_append(dump->open, value, strlen(value), error));
        }
    }
    return BERT_OK;
}

static bert_status next(reader *reader, document *document, bool *found, bert_error *error)
{
    dump *dump = reader->state;
    wiki_page page = {.namespaces = &dump->namespaces};
    while (document->length == 0) {
        bool more;
        TRY(read_page(dump, &more, error));
        if (!more)
            break;
        page.title = dump->title.length > 0 ? dump->title.data : NULL;
        page.has_variants = dump->has_variants;
        if (is_article(dump))
            TRY(wiki_markup_append(document, dump->text.data, dump->text.length, &page,
                                   &dump->scratch, error));
    }
    *found = document->length > 0;
    return BERT_OK;
}

const reader_format reader_wikipedia = {.name = "a Wikipedia dump",
                                        .has_documents = true,
                                        .detect = detect,
                                        .start = start,
                                        .next = next,
                                        .end = end};
