/* The current performance of the machine, which benchmarks compare with. */
#ifndef BENCH_PROBE_H
#define BENCH_PROBE_H

#include <stddef.h>

/* Multiply-adds from registers on `threads` threads for about `seconds`: total GFLOP/s with the
 * widest vectors of the processor. */
double probe_peak_gflops(int threads, double seconds);

/* a[i] = b[i] + s · c[i] over arrays far larger than the caches: GB/s, three streams counted. */
double probe_bandwidth(int threads, double seconds);

#endif
