/* Preloaded by bench/against-pytorch where the processor is not Intel's: MKL asks these two before
 * it takes its AVX-512 kernels, and takes AVX2 ones of half the speed where the answer is no. The
 * peer is to be as fast as it can be. */
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
