#include "train/objectives.h"

const objective *objective_of_pretraining(const model_config *config,
                                          const bert_pretrain_params *params)
{
    if (params && params->teacher)
        return &objective_distillation;
    return model_config_has_nsp_head(config) ? &objective_mlm_nsp : &objective_mlm;
}

const objective *objective_of_finetuning(const model_config *config)
{
    return config->problem == MODEL_REGRESSION ? &objective_regression : &objective_classification;
}

double loss_scale(const loss_weights *weights, loss_kind kind)
{
    return weights && weights->of[kind] > 0 ? 1.0 / weights->of[kind] : 0.0;
}
