#include "train/sampling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bert_status get_scheme(const bert_pretrain_params *params, const sample_scheme **scheme,
                              bert_error *error)
{
    const sample_scheme *pairs, *sequences;
    TRY(scheme_parse(&pairs, params->pairs, true, "--pairs", error));
    TRY(scheme_parse(&sequences, params->sequences, false, "--sequences", error));
    if (params->next_sentence_prediction && sequences != &scheme_sentences)
        return error_set(error, BERT_ERROR_USAGE,
                         "--sequences %s makes no pairs for next-sentence prediction; it goes with "
                         "--no-next-sentence-prediction",
                         params->sequences);
    if (!params->next_sentence_prediction && pairs != &scheme_segment_pairs)
        return error_set(error, BERT_ERROR_USAGE,
                         "--pairs %s does not go with --no-next-sentence-prediction",
                         params->pairs);
    *scheme = params->next_sentence_prediction ? pairs : sequences;
    return BERT_OK;
}

/* "128:0.9,512:0.1" into phases[RUN_PHASES]. */
static bert_status parse_schedule(const char *text, run_phase *phases, int *count,
                                  bert_error *error)
{
    double sum = 0;
    *count = 0;
    for (const char *place = text;;) {
        char *end;
        long length = strtol(place, &end, 10);
        bool fits = end > place && *end == ':' && length >= 8 && length <= 65536;
        place = fits ? end + 1 : place;
        double share = strtod(place, &end);
        if (!fits || end == place || !(share > 0 && share <= 1) || (*end && *end != ','))
            return error_set(error, BERT_ERROR_USAGE,
                             "--sequence-schedule is \"%s\", expected lengths from 8 to 65536 with "
                             "their shares of the steps, as 128:0.9,512:0.1",
                             text);
        if (*count == RUN_PHASES)
            return error_set(error, BERT_ERROR_USAGE,
                             "--sequence-schedule has more than %d lengths", RUN_PHASES);
        phases[(*count)++] = (run_phase){.max_seq_length = (int)length, .share = share};
        sum += share;
        if (!*end)
            break;
        place = end + 1;
    }
    if (fabs(sum - 1) > 1e-6)
        return error_set(error, BERT_ERROR_USAGE,
                         "--sequence-schedule \"%s\": the shares add up to %g, expected 1", text,
                         sum);
    return BERT_OK;
}

bert_status sampling_check(const bert_pretrain_params *params, bert_error *error)
{
    const sample_scheme *scheme;
    mask_unit unit;
    run_phase phases[RUN_PHASES];
    int count;
    TRY(get_scheme(params, &scheme, error));
    TRY(mask_unit_parse(&unit, params->mask_unit, error));
    if (strcmp(params->masks, "dynamic") != 0 && strcmp(params->masks, "static") != 0)
        return error_set(error, BERT_ERROR_USAGE, "--masks is \"%s\", expected dynamic or static",
                         params->masks);
    if (params->sequence_schedule)
        return parse_schedule(params->sequence_schedule, phases, &count, error);
    return BERT_OK;
}

bert_status sampling_phases(run_settings *settings, bert_error *error)
{
    bert_pretrain_params *params = &settings->params;
    settings->phases[0] = (run_phase){.max_seq_length = params->max_seq_length, .share = 1};
    settings->phase_count = 1;
    if (params->sequence_schedule)
        TRY(parse_schedule(params->sequence_schedule, settings->phases, &settings->phase_count,
                           error));
    params->max_seq_length = 0;
    for (int i = 0; i < settings->phase_count; i++)
        if (settings->phases[i].max_seq_length > params->max_seq_length)
            params->max_seq_length = settings->phases[i].max_seq_length;
    return BERT_OK;
}

sampler_settings sampling_for_evaluation(const bert_pretrain_params *params)
{
    sampler_settings sampling = {
        .max_seq_length = params->max_seq_length,
        .short_seq_probability = params->short_seq_probability,
        .mlm_probability = params->mlm_probability,
        .seed = params->seed,
    };
    get_scheme(params, &sampling.scheme, NULL);
    mask_unit_parse(&sampling.mask_unit, params->mask_unit, NULL);
    return sampling;
}

sampler_settings sampling_for_phase(const run_settings *settings, int phase)
{
    sampler_settings sampling = sampling_for_evaluation(&settings->params);
    sampling.max_seq_length = settings->phases[phase].max_seq_length;
    sampling.first_epoch = (uint64_t)phase << 32;
    sampling.is_static = strcmp(settings->params.masks, "static") == 0;
    sampling.shuffle = true;
    return sampling;
}
