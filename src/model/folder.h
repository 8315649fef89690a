/* The files of a model's folder, under whatever name its user gave the model. */
#ifndef MODEL_FOLDER_H
#define MODEL_FOLDER_H

#include "model/config.h"

/* A model is named by its folder, or by one TensorFlow checkpoint in it (formats/tensor_bundle.h).
 * What either function finds is owned by the caller; whether the file exists, opening it shows. */
bool model_names_checkpoint(const char *model);
bert_status model_find_folder(char **folder, const char *model, bert_error *error);

/* config.json; where there is none, Google's bert_config.json. */
bert_status model_find_config(char **path, const char *model, bert_error *error);

/* model_config_read of that file. */
bert_status model_folder_read_config(model_config *config, const char *model, bert_error *error);

#endif
