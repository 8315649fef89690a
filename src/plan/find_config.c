#include "plan/find_config.h"

#include "base/file.h"

bert_status find_config(model_config *config, const char *model, bert_error *error)
{
    bert_status status = model_config_named(config, model, error);
    return status != BERT_OK && file_exists(model) ? model_config_read(config, model, error)
                                                   : status;
}
