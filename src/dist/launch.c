#include "dist/launch.h"

#include <stddef.h>
#include <stdlib.h>

static int environment_count(const char *name)
{
    const char *text = getenv(name);
    char *end = NULL;
    long value = text ? strtol(text, &end, 10) : 0;
    return text && end != text && value > 0 && value <= 1 << 24 ? (int)value : 0;
}

launch launch_detect(void)
{
    /* SLURM_STEP_NUM_TASKS, not SLURM_NTASKS: the latter is also set in a batch script, which
     * starts a single process if it calls bert without srun. */
    static const struct {
        const char *launcher, *size, *local_size;
    } known[] = {
        {"mpirun", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"},
        {"srun", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_TASKS_PER_NODE"},
        {"the launcher (PMI)", "PMI_SIZE", "MPI_LOCALNRANKS"},
    };
    launch found = {.size = 1, .local_size = 1};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        int size = environment_count(known[i].size);
        if (size == 0)
            continue;
        int local = environment_count(known[i].local_size);
        found = (launch){
            .launcher = size > 1 ? known[i].launcher : NULL,
            .size = size,
            .local_size = local > 0 ? local : 1,
        };
        break;
    }
    return found;
}
