/* Preloaded by bench/against-pytorch on processors of other vendors than Intel: MKL uses its
 * AVX-512 kernels only if these functions return 1, else AVX2 kernels of half the speed. The
 * baseline should be as fast as possible. */
int mkl_serv_intel_cpu(void);
int mkl_serv_intel_cpu_true(void);

int mkl_serv_intel_cpu(void)
{
    return 1;
}

int mkl_serv_intel_cpu_true(void)
{
    return 1;
}
