/* The AMX kernels over an emulation of the instructions, so that they are tested on any machine.
 * Linked into a test, this file replaces kernels/dispatch.c: the emulated kernels are active, and
 * the generic ones can be selected by name for comparison. */
#define INSTANCE kernels_amx_emulated
#define INSTANCE_NAME "amx_emulated"
#define MR 4
#define NR 32
#define MATRIX_REGISTERS "amx_emulation.h"
#include "math/kernels/kernels.h"
extern const kernels kernels_amx_emulated;
#include "math/kernels/instance.inc"

const kernels *kernels_active(void)
{
    return &kernels_amx_emulated;
}

const kernels *kernels_named(const char *name)
{
    if (strcmp(name, INSTANCE_NAME) == 0)
        return &kernels_amx_emulated;
    return strcmp(name, "generic") == 0 ? &kernels_generic : NULL;
}
