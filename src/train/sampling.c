#include "train/sampling.h"

#include "train/piecewise_schedule.h"

static bert_status get_scheme(const bert_pretrain_params *params, const sample_scheme **scheme,
                              bert_error *error)
{
    const sample_scheme *pairs, *sequences;
    TRY(scheme_parse(&pairs, bert_pairs_name(params->pairs), true, "params->pairs", error));
    TRY(scheme_parse(&sequences, bert_sequences_name(params->sequences), false, "params->sequences",
                     error));
    if (params->next_sentence_prediction && sequences != &scheme_sentences)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "params->sequences = %s makes no pairs for next-sentence prediction; it goes with "
            "params->next_sentence_prediction = false",
            bert_sequences_name(params->sequences));
    if (!params->next_sentence_prediction && pairs != &scheme_segment_pairs)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "params->pairs = %s does not go with params->next_sentence_prediction = false",
            bert_pairs_name(params->pairs));
    *scheme = params->next_sentence_prediction ? pairs : sequences;
    return BERT_OK;
}

static const piecewise_schedule_format schedule_form = {"params->sequence_schedule", "lengths",
                                                        "128:0.9,512:0.1", 8, 65536};

bert_status sampling_check(const bert_pretrain_params *params, bert_error *error)
{
    const sample_scheme *scheme;
    piecewise_schedule lengths;
    TRY(get_scheme(params, &scheme, error));
    if (params->sequence_schedule)
        return piecewise_schedule_parse(&lengths, params->sequence_schedule, &schedule_form, error);
    return BERT_OK;
}

bert_status sampling_phases(run_settings *settings, bert_error *error)
{
    bert_pretrain_params *params = &settings->params;
    piecewise_schedule lengths = {.numbers = {params->max_seq_length}, .shares = {1}, .count = 1};
    if (params->sequence_schedule)
        TRY(piecewise_schedule_parse(&lengths, params->sequence_schedule, &schedule_form, error));
    params->max_seq_length = 0;
    settings->phase_count = lengths.count;
    for (int i = 0; i < lengths.count; i++) {
        run_phase *phase = &settings->phases[i];
        *phase = (run_phase){.max_seq_length = (int)lengths.numbers[i], .share = lengths.shares[i]};
        if (phase->max_seq_length > params->max_seq_length)
            params->max_seq_length = phase->max_seq_length;
    }
    return BERT_OK;
}

sampler_settings sampling_for_evaluation(const bert_pretrain_params *params)
{
    sampler_settings sampling = {
        .max_seq_length = params->max_seq_length,
        .short_seq_probability = params->short_seq_probability,
        .mlm_probability = params->mlm_probability,
        .mask_unit = params->mask_unit,
        .seed = params->seed,
    };
    get_scheme(params, &sampling.scheme, NULL);
    return sampling;
}

sampler_settings sampling_for_phase(const run_settings *settings, int phase)
{
    sampler_settings sampling = sampling_for_evaluation(&settings->params);
    sampling.max_seq_length = settings->phases[phase].max_seq_length;
    sampling.first_epoch = (uint64_t)phase << 32;
    sampling.is_static = settings->params.masks == BERT_MASKS_STATIC;
    sampling.shuffle = true;
    return sampling;
}
