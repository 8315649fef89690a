/* The tags of MediaWiki, those of extensions that Wikimedia's sites have among them
 * (mediawiki.org/wiki/Parser_extension_tags), sorted by name. All others are text. */
#include "corpus/wiki_markup.h"

#include <string.h>

const wiki_tag wiki_tags[] = {
    {"a", WIKI_TAG_BARE},
    {"abbr", WIKI_TAG_BARE},
    {"ask", WIKI_TAG_WHOLE},
    {"audio", WIKI_TAG_WHOLE},
    {"b", WIKI_TAG_BARE},
    {"bdi", WIKI_TAG_BARE},
    {"bdo", WIKI_TAG_BARE},
    {"big", WIKI_TAG_BARE},
    {"blockquote", WIKI_TAG_BREAK},
    {"br", WIKI_TAG_SPACE},
    {"caption", WIKI_TAG_BREAK},
    {"categorytree", WIKI_TAG_WHOLE},
    {"ce", WIKI_TAG_WHOLE},
    {"center", WIKI_TAG_BREAK},
    {"charinsert", WIKI_TAG_WHOLE},
    {"chart", WIKI_TAG_WHOLE},
    {"chem", WIKI_TAG_WHOLE},
    {"choose", WIKI_TAG_WHOLE},
    {"cite", WIKI_TAG_BARE},
    {"code", WIKI_TAG_BARE},
    {"col", WIKI_TAG_BREAK},
    {"colgroup", WIKI_TAG_BREAK},
    {"createbox", WIKI_TAG_WHOLE},
    {"data", WIKI_TAG_BARE},
    {"dd", WIKI_TAG_BREAK},
    {"del", WIKI_TAG_BARE},
    {"dfn", WIKI_TAG_BARE},
    {"div", WIKI_TAG_BREAK},
    {"dl", WIKI_TAG_BREAK},
    {"dpl", WIKI_TAG_WHOLE},
    {"dt", WIKI_TAG_BREAK},
    {"dynamicpagelist", WIKI_TAG_WHOLE},
    {"em", WIKI_TAG_BARE},
    {"embedvideo", WIKI_TAG_WHOLE},
    {"feed", WIKI_TAG_WHOLE},
    {"font", WIKI_TAG_BARE},
    {"gallery", WIKI_TAG_WHOLE},
    {"googlemap", WIKI_TAG_WHOLE},
    {"graph", WIKI_TAG_WHOLE},
    {"h1", WIKI_TAG_BREAK},
    {"h2", WIKI_TAG_BREAK},
    {"h3", WIKI_TAG_BREAK},
    {"h4", WIKI_TAG_BREAK},
    {"h5", WIKI_TAG_BREAK},
    {"h6", WIKI_TAG_BREAK},
    {"hiero", WIKI_TAG_WHOLE},
    {"hr", WIKI_TAG_BREAK},
    {"html", WIKI_TAG_WHOLE},
    {"i", WIKI_TAG_BARE},
    {"imagemap", WIKI_TAG_WHOLE},
    {"img", WIKI_TAG_BARE},
    {"includeonly", WIKI_TAG_WHOLE},
    {"indicator", WIKI_TAG_WHOLE},
    {"inputbox", WIKI_TAG_WHOLE},
    {"ins", WIKI_TAG_BARE},
    {"kbd", WIKI_TAG_BARE},
    {"label", WIKI_TAG_BARE},
    {"langconvert", WIKI_TAG_BARE},
    {"languages", WIKI_TAG_BARE},
    {"li", WIKI_TAG_BREAK},
    {"link", WIKI_TAG_BARE},
    {"listing", WIKI_TAG_WHOLE},
    {"mapframe", WIKI_TAG_WHOLE},
    {"maplink", WIKI_TAG_WHOLE},
    {"mapsources", WIKI_TAG_WHOLE},
    {"mark", WIKI_TAG_BARE},
    {"math", WIKI_TAG_WHOLE},
    {"meta", WIKI_TAG_BARE},
    {"metadesc", WIKI_TAG_WHOLE},
    {"noinclude", WIKI_TAG_BARE},
    {"nowiki", WIKI_TAG_LITERAL},
    {"ol", WIKI_TAG_BREAK},
    {"onlyinclude", WIKI_TAG_BARE},
    {"p", WIKI_TAG_BREAK},
    {"pagelist", WIKI_TAG_WHOLE},
    {"pagequality", WIKI_TAG_WHOLE},
    {"pages", WIKI_TAG_WHOLE},
    {"phonos", WIKI_TAG_WHOLE},
    {"poem", WIKI_TAG_BREAK},
    {"pre", WIKI_TAG_WHOLE},
    {"q", WIKI_TAG_BARE},
    {"quiz", WIKI_TAG_WHOLE},
    {"randomimage", WIKI_TAG_WHOLE},
    {"rb", WIKI_TAG_BARE},
    {"ref", WIKI_TAG_WHOLE},
    {"references", WIKI_TAG_WHOLE},
    {"rp", WIKI_TAG_BARE},
    {"rss", WIKI_TAG_WHOLE},
    {"rt", WIKI_TAG_BARE},
    {"rtc", WIKI_TAG_BARE},
    {"ruby", WIKI_TAG_BARE},
    {"s", WIKI_TAG_BARE},
    {"samp", WIKI_TAG_BARE},
    {"score", WIKI_TAG_WHOLE},
    {"section", WIKI_TAG_BARE},
    {"small", WIKI_TAG_BARE},
    {"source", WIKI_TAG_WHOLE},
    {"span", WIKI_TAG_BARE},
    {"strike", WIKI_TAG_BARE},
    {"strong", WIKI_TAG_BARE},
    {"style", WIKI_TAG_WHOLE},
    {"sub", WIKI_TAG_BARE},
    {"sup", WIKI_TAG_BARE},
    {"syntaxhighlight", WIKI_TAG_WHOLE},
    {"table", WIKI_TAG_WHOLE},
    {"talkpage", WIKI_TAG_WHOLE},
    {"tbody", WIKI_TAG_BREAK},
    {"td", WIKI_TAG_BREAK},
    {"templatedata", WIKI_TAG_WHOLE},
    {"templatestyles", WIKI_TAG_WHOLE},
    {"tfoot", WIKI_TAG_BREAK},
    {"th", WIKI_TAG_BREAK},
    {"thead", WIKI_TAG_BREAK},
    {"thread", WIKI_TAG_WHOLE},
    {"time", WIKI_TAG_BARE},
    {"timeline", WIKI_TAG_WHOLE},
    {"tr", WIKI_TAG_BREAK},
    {"translate", WIKI_TAG_BARE},
    {"tt", WIKI_TAG_BARE},
    {"tvar", WIKI_TAG_BARE},
    {"u", WIKI_TAG_BARE},
    {"ul", WIKI_TAG_BREAK},
    {"var", WIKI_TAG_BARE},
    {"video", WIKI_TAG_WHOLE},
    {"wbr", WIKI_TAG_BARE},
    {"youtube", WIKI_TAG_WHOLE},
};
const size_t wiki_tag_count = sizeof wiki_tags / sizeof *wiki_tags;
_Static_assert(sizeof wiki_tags / sizeof *wiki_tags <= WIKI_TAGS_MAX, "the reader's flags");

size_t wiki_tag_find(const char *name, size_t length)
{
    char lower[16];
    if (length >= sizeof lower)
        return wiki_tag_count;
    for (size_t i = 0; i < length; i++)
        lower[i] = (char)(name[i] | (name[i] >= 'A' && name[i] <= 'Z' ? 32 : 0));
    lower[length] = '\0';
    for (size_t low = 0, high = wiki_tag_count; low < high;) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(lower, wiki_tags[middle].name);
        if (order == 0)
            return middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return wiki_tag_count;
}
