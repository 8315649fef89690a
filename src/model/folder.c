#include "model/folder.h"

#include "base/file.h"
#include "formats/tensor_bundle.h"

#include <stdlib.h>
#include <string.h>

bool model_names_checkpoint(const char *model)
{
    return !path_is_directory(model) && tensor_bundle_named(model);
}

bert_status model_find_folder(char **folder, const char *model, bert_error *error)
{
    if (!model_names_checkpoint(model))
        return path_format(folder, error, "%s", model);
    const char *slash = strrchr(model, '/');
    return slash ? path_format(folder, error, "%.*s", (int)(slash + 1 - model), model)
                 : path_format(folder, error, ".");
}

bert_status model_find_config(char **path, const char *model, bert_error *error)
{
    char *folder, *of_google = NULL;
    *path = NULL;
    TRY(model_find_folder(&folder, model, error));
    bert_status status;
    TRY_OR_GO(status, path_join(path, folder, "config.json", error), done);
    if (file_exists(*path))
        goto done;
    TRY_OR_GO(status, path_join(&of_google, folder, "bert_config.json", error), done);
    if (file_exists(of_google)) {
        free(*path);
        *path = of_google;
        of_google = NULL;
    }
done:
    free(of_google);
    free(folder);
    return status;
}

bert_status model_folder_read_config(model_config *config, const char *model, bert_error *error)
{
    char *path;
    TRY(model_find_config(&path, model, error));
    bert_status status = model_config_read(config, path, error);
    free(path);
    return status;
}
