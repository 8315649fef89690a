/* What the machine can do at this moment, measured by itself: the yardstick of every benchmark. */
#ifndef BENCH_PROBE_H
#define BENCH_PROBE_H

#include <stddef.h>

/* Multiply-adds from registers alone on `threads` threads for about `seconds`: GFLOP/s in all, with
 * the widest vectors the processor has. */
double probe_peak_gflops(int threads, double seconds);

/* a[i] = b[i] + s · c[i] over arrays far larger than the caches: GB/s, three streams counted. */
double probe_bandwidth(int threads, double seconds);

#endif
