/* Open MPI, loaded on demand: a build with MPI starts as fast as one without, and runs as a single
 * process if the library is not installed. Types and constants come from the mpi.h of the build, so
 * the library must have the same ABI (libmpi.so.40, which Open MPI 2 to 5 share). */
#include "dist/transport.h"

#include <dlfcn.h>
#include <mpi.h>
#include <pthread.h>
#include <stdlib.h>

_Static_assert(sizeof(MPI_Request) == sizeof(void *), "a request is a pointer in Open MPI");

#define MPI_LIBRARY "libmpi.so.40"

/* The functions of MPI in use. */
#define FUNCTIONS(F)                                                                             \
    F(Init_thread)                                                                               \
    F(Finalize)                                                                                  \
    F(Abort)                                                                                     \
    F(Comm_rank)                                                                                 \
    F(Comm_size)                                                                                 \
    F(Comm_dup) F(Comm_free) F(Comm_set_errhandler) F(Error_string) F(Ialltoallv) F(Iallgatherv) \
        F(Isend) F(Irecv) F(Test) F(Testsome) F(Cancel) F(Request_free)

static struct {
#define MEMBER(name) __typeof__(MPI_##name) *name;
    FUNCTIONS(MEMBER)
#undef MEMBER
    MPI_Comm world;
    MPI_Datatype byte;
    MPI_Errhandler errors_return;
} mpi;

static MPI_Comm channels[CHANNELS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* MPI_THREAD_SERIALIZED */

static bool load_functions(void *library)
{
    bool all = true;
#define LOAD(name) all &= (*(void **)(&mpi.name) = dlsym(library, "MPI_" #name)) != NULL;
    FUNCTIONS(LOAD)
#undef LOAD
    /* The objects whose addresses are MPI_COMM_WORLD, MPI_BYTE and MPI_ERRORS_RETURN. */
    mpi.world = dlsym(library, "ompi_mpi_comm_world");
    mpi.byte = dlsym(library, "ompi_mpi_byte");
    mpi.errors_return = dlsym(library, "ompi_mpi_errors_return");
    return all && mpi.world && mpi.byte && mpi.errors_return;
}

static bert_status load(bert_error *error)
{
    /* RTLD_GLOBAL: Open MPI's plugins resolve its symbols. Never closed: they stay in use. */
    void *library = dlopen(MPI_LIBRARY, RTLD_NOW | RTLD_GLOBAL);
    if (!library)
        return error_set(error, BERT_ERROR_UNSUPPORTED, "cannot load Open MPI: %s", dlerror());
    if (!load_functions(library))
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         MPI_LIBRARY " is not the Open MPI that this bert was built for");
    return BERT_OK;
}

static bert_status check(int code, const char *what, bert_error *error)
{
    if (code == MPI_SUCCESS)
        return BERT_OK;
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    mpi.Error_string(code, text, &length);
    return error_set(error, BERT_ERROR_IO, "MPI: %s failed: %s", what, text);
}

bert_status transport_open(int *rank, int *size, bert_error *error)
{
    TRY(load(error));
    int provided = 0;
    TRY(check(mpi.Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided), "initialization",
              error));
    if (provided < MPI_THREAD_SERIALIZED)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "this Open MPI was built without support for threads");
    TRY(check(mpi.Comm_set_errhandler(mpi.world, mpi.errors_return), "setting the error handler",
              error));
    TRY(check(mpi.Comm_rank(mpi.world, rank), "querying the rank", error));
    TRY(check(mpi.Comm_size(mpi.world, size), "querying the number of ranks", error));
    for (int i = 0; i < CHANNELS; i++)
        TRY(check(mpi.Comm_dup(mpi.world, &channels[i]), "duplicating a communicator", error));
    return BERT_OK;
}

void transport_close(void)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < CHANNELS; i++)
        mpi.Comm_free(&channels[i]);
    mpi.Finalize();
    pthread_mutex_unlock(&lock);
}

void transport_abort(int code)
{
    mpi.Abort(mpi.world, code);
    _Exit(code);
}

bert_status transport_alltoall(transport_channel channel, const transport_ranges *send,
                               const transport_ranges *receive, transport_transfer *transfer,
                               bert_error *error)
{
    pthread_mutex_lock(&lock);
    int code = mpi.Ialltoallv(send->buffer, send->counts, send->starts, mpi.byte, receive->buffer,
                              receive->counts, receive->starts, mpi.byte, channels[channel],
                              (MPI_Request *)&transfer->request);
    pthread_mutex_unlock(&lock);
    return check(code, "an all-to-all", error);
}

bert_status transport_allgather(transport_channel channel, const void *send, int bytes,
                                const transport_ranges *receive, transport_transfer *transfer,
                                bert_error *error)
{
    pthread_mutex_lock(&lock);
    int code = mpi.Iallgatherv(send ? send : MPI_IN_PLACE, bytes, mpi.byte, receive->buffer,
                               receive->counts, receive->starts, mpi.byte, channels[channel],
                               (MPI_Request *)&transfer->request);
    pthread_mutex_unlock(&lock);
    return check(code, "an all-gather", error);
}

bert_status transport_send(int rank, const void *data, int bytes, transport_transfer *transfer,
                           bert_error *error)
{
    pthread_mutex_lock(&lock);
    int code = mpi.Isend(data, bytes, mpi.byte, rank, 0, channels[CHANNEL_HEARTBEAT],
                         (MPI_Request *)&transfer->request);
    pthread_mutex_unlock(&lock);
    return check(code, "a message", error);
}

bert_status transport_receive(int rank, void *data, int bytes, transport_transfer *transfer,
                              bert_error *error)
{
    pthread_mutex_lock(&lock);
    int code = mpi.Irecv(data, bytes, mpi.byte, rank, 0, channels[CHANNEL_HEARTBEAT],
                         (MPI_Request *)&transfer->request);
    pthread_mutex_unlock(&lock);
    return check(code, "a message", error);
}

bert_status transport_test(transport_transfer *transfer, bool *done, bert_error *error)
{
    int flag = 1, code = MPI_SUCCESS;
    if (transfer->request) {
        pthread_mutex_lock(&lock);
        code = mpi.Test((MPI_Request *)&transfer->request, &flag, MPI_STATUS_IGNORE);
        pthread_mutex_unlock(&lock);
    }
    *done = flag != 0;
    if (*done)
        transfer->request = NULL;
    return check(code, "a transfer", error);
}

bert_status transport_test_some(transport_transfer *const transfers[], int count, bert_error *error)
{
    enum { MAX_TRANSFERS = 64 };
    MPI_Request requests[MAX_TRANSFERS];
    int indices[MAX_TRANSFERS], numbers[MAX_TRANSFERS], active = 0, ended = 0;
    if (count > MAX_TRANSFERS)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%d transfers at once, expected at most %d", count, MAX_TRANSFERS);
    for (int i = 0; i < count; i++)
        if (transfers[i]->request) {
            numbers[active] = i;
            requests[active++] = transfers[i]->request;
        }
    if (active == 0)
        return BERT_OK;
    pthread_mutex_lock(&lock);
    int code = mpi.Testsome(active, requests, &ended, indices, MPI_STATUSES_IGNORE);
    pthread_mutex_unlock(&lock);
    TRY(check(code, "a transfer", error));
    for (int i = 0; i < ended; i++)
        transfers[numbers[indices[i]]]->request = NULL;
    return BERT_OK;
}

bool transport_is_done(const transport_transfer *transfer)
{
    return !transfer->request;
}

void transport_cancel(transport_transfer *transfer)
{
    if (!transfer->request)
        return;
    pthread_mutex_lock(&lock);
    mpi.Cancel((MPI_Request *)&transfer->request);
    mpi.Request_free((MPI_Request *)&transfer->request);
    pthread_mutex_unlock(&lock);
    transfer->request = NULL;
}
