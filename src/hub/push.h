/* Sends a model to the Hub again and again while it is trained: a thread of its own does it, so
 * that the training does not wait, and what fails is a warning. */
#ifndef HUB_PUSH_H
#define HUB_PUSH_H

#include "base/error.h"

/* NULL stands for no push: every function but the first does nothing then. */
typedef struct hub_push hub_push;

/* Whether `name`, of an option, is one to send to: neither NULL nor "none". */
bool hub_push_is_wanted(const char *name);

/* Checks what can be checked without the network: the name, the token, HF_HUB_OFFLINE. `observer`
 * gets the messages, from the thread that calls the functions below; it must outlive the push. */
bert_status hub_push_open(hub_push **push, const char *name, bool private_repository,
                          const bert_observer *observer, bert_error *error);

/* Makes the repository where there is none, in the background: a token that is not allowed to is
 * reported early. */
void hub_push_start(hub_push *push);

/* Sends the model in a folder, in the background. Its files are opened now: the folder may be
 * removed afterwards. One that still waits behind another is replaced. */
void hub_push_folder(hub_push *push, const char *directory, const char *message);

/* Passes on what the thread has to say. */
void hub_push_poll(hub_push *push);

/* Waits for what was handed over, unless the observer asks anew to stop; without `wait`, cancels
 * it. Then frees all. */
void hub_push_close(hub_push *push, bool wait);

#endif
