/* Prints every option of every table: "STRUCT NAME", a line each. */
#include "tables.h"

#include <stdio.h>

static void print_table(const char *name, const bert_option *options, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("%s %s\n", name, options[i].name);
}

int main(void)
{
    size_t count;
#define TABLE(struct_name)                                        \
    {                                                             \
        const bert_option *options = struct_name##_table(&count); \
        print_table(#struct_name, options, count);                \
    }
    EVERY_TABLE
#undef TABLE
    return 0;
}
