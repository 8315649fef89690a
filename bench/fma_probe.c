/* Prints the current FMA throughput of the machine in GFLOP/s: fma_probe THREADS [SECONDS]. */
#include "probe.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : 1;
    double seconds = argc > 2 ? atof(argv[2]) : 0.05;
    if (threads < 1 || seconds <= 0) {
        fprintf(stderr, "usage: fma_probe THREADS [SECONDS]\n");
        return 2;
    }
    printf("%.1f\n", probe_peak_gflops(threads, seconds));
    return 0;
}
