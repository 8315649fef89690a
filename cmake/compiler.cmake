# Compile options of every file. The instruction set is the baseline of the platform: faster kernels are compiled
# separately (src/math/) and selected at run time, so that one binary runs on every machine of its architecture.
# Outside the kernels, multiplications and additions are not contracted into FMAs: architectures whose baseline has FMA
# (AArch64) draw the same samples and initial weights as those whose baseline has none (x86-64).

add_library(bert_compiler INTERFACE)
target_compile_options(bert_compiler INTERFACE
    -Wall -Wextra "$<$<C_COMPILER_ID:GNU>:-Wshadow=local;-Wno-format-truncation>"
    "$<$<C_COMPILER_ID:Clang>:-Wno-pass-failed>" # of `omp simd`: sanitizers' checks forbid it
    -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla -Wformat=2
    -Wno-format-nonliteral -Wundef -fno-math-errno -fno-trapping-math -ffp-contract=off)
target_compile_definitions(bert_compiler INTERFACE _GNU_SOURCE _FILE_OFFSET_BITS=64)
if(BERT_WARNINGS_ARE_ERRORS)
    target_compile_options(bert_compiler INTERFACE -Werror)
endif()
if(BERT_SANITIZE)
    set(BERT_SANITIZE_OPTION -fsanitize=${BERT_SANITIZE})
    target_compile_options(bert_compiler INTERFACE
        ${BERT_SANITIZE_OPTION} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(bert_compiler INTERFACE ${BERT_SANITIZE_OPTION})
endif()
if(BERT_SANITIZE STREQUAL "memory") # says where the uninitialized memory comes from
    target_compile_options(bert_compiler INTERFACE -fsanitize-memory-track-origins)
endif()
if(BERT_COVERAGE) # counts exactly when threads run the same line
    target_compile_options(bert_compiler INTERFACE -fprofile-arcs -ftest-coverage -fprofile-update=atomic)
    target_link_options(bert_compiler INTERFACE --coverage)
endif()
if(BERT_FUZZ) # branch coverage for libFuzzer
    target_compile_options(bert_compiler INTERFACE -fsanitize=fuzzer-no-link)
endif()
