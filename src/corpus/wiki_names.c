/* Names that differ by language: namespaces, redirects, variants of scripts. */
#include "corpus/wiki_markup.h"

#include <string.h>
#include <strings.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

void wiki_cut(text *text, size_t length)
{
    text->length = length;
    if (text->data)
        text->data[length] = '\0';
}

size_t wiki_lower(char out[WIKI_NAME_MAX], const char *name, size_t length)
{
    size_t size = 0;
    for (size_t i = 0; i < length;) {
        UChar32 character;
        U8_NEXT(name, i, length, character);
        if (character < 0 || size + U8_MAX_LENGTH > WIKI_NAME_MAX)
            return 0;
        U8_APPEND_UNSAFE(out, size, character == '_' ? ' ' : u_tolower(character));
    }
    return size;
}

/* Whether one of the names, each of which a line feed follows, is this one. */
static bool is_in(const char *names, const char *name, size_t length)
{
    for (const char *line = names; line && *line;) {
        size_t size = strcspn(line, "\n");
        if (size == length && memcmp(line, name, length) == 0)
            return true;
        line += size + (line[size] == '\n');
    }
    return false;
}

/* File, media and category, with aliases that a dump does not list. */
bool wiki_prefix_is_hidden(const wiki_page *page, const char *prefix, size_t length)
{
    static const char known[] =
        "file\nimage\nmedia\ncategory\ndatei\nbild\nkategorie\nmedium\nfichier\ncatégorie\n"
        "média\narchivo\nimagen\ncategoría\nmedio\nimmagine\ncategoria\nficheiro\nimagem\n"
        "multimédia\nbestand\nafbeelding\ncategorie\nplik\ngrafika\nkategoria\nfil\nkategori\n"
        "файл\nизображение\nкатегория\nмедиа\nкатегорія\nзображення\nファイル\n画像\nカテゴリ\nメデ"
        "ィア\n文件\n"
        "檔案\n档案\n图像\n圖像\n分類\n分类\n媒體\n媒体文件\n파일\n그림\n분류\n미디어\nملف\nصورة\nت"
        "صنيف\nپرونده\nتصویر\n"
        "رده\nمدیا\nקובץ\nתמונה\nקטגוריה\nsoubor\nobrázok\nkategória\nsúbor\nfájl\nkép\ndosya\n"
        "resim\ntiedosto\nkuva\nluokka\nfișier\nimagine\nfitxer\nimatge\nαρχείο\nεικόνα\n"
        "κατηγορία\nслика\nдатотека\nкатегорија\nslika\ndatoteka\nkategorija\ntập tin\nhình\n"
        "thể loại\nberkas\ngambar\nचित्र\nश्रेणी\nไฟล์\nภาพ\nหมวดหมู่\nmynd\npilt\nkategooria\n"
        "vaizdas\nattēls\nfitxategi\nirudi\nimaxe\ndosiero\nkategorio\npicha\njamii\nfail\n"
        "картинка\n";
    char lower[WIKI_NAME_MAX];
    size_t size = wiki_lower(lower, prefix, length);
    return size > 0 && (is_in(known, lower, size) ||
                        (page->namespaces && is_in(page->namespaces->data, lower, size)));
}

/* Sections of references, links and lists. */
bool wiki_section_is_pointer(const char *name, size_t length)
{
    static const char known[] =
        "see also\nreferences\nnotes\nfootnotes\nnotes and references\nreferences and notes\n"
        "citations\nsources\nworks cited\nexternal links\nfurther reading\nbibliography\nendnotes\n"
        "gallery\n"
        "siehe auch\nweblinks\neinzelnachweise\nliteratur\nquellen\nanmerkungen\n"
        "voir aussi\nnotes et références\nréférences\nliens externes\nbibliographie\n"
        "articles connexes\nannexes\n"
        "véase también\nreferencias\nenlaces externos\nbibliografía\nnotas\n"
        "voci correlate\naltri progetti\ncollegamenti esterni\nbibliografia\n"
        "ver também\nreferências\nligações externas\nnotas e referências\n"
        "zie ook\nexterne links\nexterne link\nbronnen\nbronnen, noten en/of referenties\n"
        "zobacz też\nprzypisy\nlinki zewnętrzne\n"
        "se även\nreferenser\nkällor\nexterna länkar\n"
        "см. также\nпримечания\nлитература\nссылки\nисточники\n"
        "див. також\nпримітки\nлітература\nпосилання\nджерела\n"
        "関連項目\n脚注\n外部リンク\n参考文献\n出典\n注釈\n"
        "参见\n參見\n參考文獻\n外部链接\n外部連結\n参考资料\n參考資料\n注释\n註釋\n"
        "같이 보기\n각주\n외부 링크\n참고 문헌\n";
    char lower[WIKI_NAME_MAX];
    size_t size = wiki_lower(lower, name, length);
    return size > 0 && is_in(known, lower, size);
}

/* "#", a word, and a link: a numbered list has a space in front of the word, or a text behind. */
bool wiki_is_redirect(const char *markup, size_t length)
{
    size_t i = 0, word;
    while (i < length && strchr(" \t\n", markup[i]))
        i++;
    if (i == length || markup[i] != '#')
        return false;
    for (word = ++i; i < length && !strchr(" \t\n:[]{}|<>#*'", markup[i]); i++)
        ;
    if (i == word || i - word > WIKI_NAME_MAX)
        return false;
    while (i < length && strchr(" \t\n:", markup[i]))
        i++;
    if (length - i < 4 || memcmp(markup + i, "[[", 2) != 0)
        return false;
    const char *close = memmem(markup + i, length - i, "]]", 2);
    const char *end = memchr(markup + i, '\n', length - i);
    if (!close || (end && end < close))
        return false;
    /* The rest of the line is empty, or the word is English. */
    size_t rest = (size_t)((end ? end : markup + length) - close) - 2;
    while (rest > 0 && strchr(" \t\r", close[1 + rest]))
        rest--;
    return rest == 0 || (i - word >= 8 && strncasecmp(markup + word, "redirect", 8) == 0);
}

/* ------------------------------------------------------------------------------- variants --- */

bool wiki_language_has_variants(const char *language)
{
    static const char languages[] = "zh\ngan\nwuu\nsr\nsh\nkk\nku\nuz\niu\ntg\ntly\nshi\ncrh\nban\n"
                                    "mni\n";
    return is_in(languages, language, strcspn(language, "-_"));
}

/* The length of "zh-hans:" with spaces around, if a rule begins so at `at`; else 0. */
static size_t code_length(const char *content, size_t length, size_t at)
{
    size_t i = at, begin;
    while (i < length && strchr(" \t\n", content[i]))
        i++;
    begin = i;
    while (i < length && ((content[i] >= 'a' && content[i] <= 'z') || content[i] == '-'))
        i++;
    if (i - begin < 2 || i - begin > 16)
        return 0;
    while (i < length && content[i] == ' ')
        i++;
    return i < length && content[i] == ':' ? i + 1 - at : 0;
}

static void trim(const char *content, size_t *start, size_t *end)
{
    while (*start < *end && strchr(" \t\n", content[*start]))
        ++*start;
    while (*start < *end && strchr(" \t\n", content[*end - 1]))
        --*end;
}

/* The flags before '|': capital letters, '-', or codes of variants; 0: there are none. */
static size_t flags_length(const char *content, size_t length)
{
    const char *bar = memchr(content, '|', length);
    size_t size = bar ? (size_t)(bar - content) : 0;
    for (size_t i = 0; i < size; i++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ;- \tabcdefghijklmnopqrstuvwxyz", content[i]))
            return 0;
    return bar ? size + 1 : 0;
}

void wiki_variant_find(const char *content, size_t length, size_t *start, size_t *size)
{
    size_t flags = flags_length(content, length), at = flags, end = length;
    bool is_raw = false;
    *start = *size = 0;
    for (size_t i = 0; i + 1 < flags; i++) {
        bool is_alone = i == 0 || !strchr("abcdefghijklmnopqrstuvwxyz", content[i - 1]);
        if (strchr("THND", content[i]) || (content[i] == '-' && is_alone))
            return; /* of the title, a rule for other places, or removed */
        is_raw |= content[i] == 'R' || (content[i] >= 'a' && content[i] <= 'z');
    }
    size_t code = is_raw ? 0 : code_length(content, length, at);
    const char *arrow = is_raw ? NULL : memmem(content + at, length - at, "=>", 2);
    if (arrow && code == 0) { /* "written=>zh-hans:shown;" */
        size_t behind = (size_t)(arrow - content) + 2;
        code = code_length(content, length, behind);
        at = code > 0 ? behind : at;
    }
    if (code > 0) {
        at += code;
        for (end = at; end < length; end++) {
            if (content[end] != ';')
                continue;
            size_t next = end + 1, last = length;
            trim(content, &next, &last);
            if (next == last || code_length(content, length, end + 1) > 0 ||
                memmem(content + next, last - next, "=>", 2))
                break;
        }
    }
    trim(content, &at, &end);
    *start = at;
    *size = end - at;
}
