# Debian's cross compiler for AArch64, and the emulator for its programs: see scripts/test-aarch64, which makes
# BERT_AARCH64_ROOT, the folder with Debian's arm64 packages.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES BERT_AARCH64_ROOT)
set(CMAKE_SYSROOT ${BERT_AARCH64_ROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_CROSSCOMPILING_EMULATOR "qemu-aarch64-static;-L;${BERT_AARCH64_ROOT}")
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${BERT_AARCH64_ROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${BERT_AARCH64_ROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${BERT_AARCH64_ROOT}/usr/share/pkgconfig)
