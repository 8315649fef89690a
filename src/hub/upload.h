/* The parts of bert_upload that pushes during a training use. */
#ifndef HUB_UPLOAD_H
#define HUB_UPLOAD_H

#include "bert/hub.h"
#include "hub/folder.h"

/* bert_upload of a folder that is open; it is closed, also after an error. */
bert_status upload_opened(const bert_upload_params *params, upload_folder *folder,
                          bert_upload_result *result, const bert_observer *observer,
                          bert_error *error);

/* Makes the repository where there is none. */
bert_status upload_create(const bert_upload_params *params, const bert_observer *observer,
                          bert_error *error);

#endif
