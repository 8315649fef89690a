# Debian's packages, found through pkg-config; scripts/setup installs them.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS C)

# Dependencies of libbert: BERT_LIBRARIES are the targets, BERT_PACKAGES their names for pkg-config, which programs that
# link the installed static library need (cmake/install.cmake).
macro(bert_dependency name)
    pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${ARGN})
    list(APPEND BERT_LIBRARIES PkgConfig::${name})
    list(APPEND BERT_PACKAGES ${ARGN})
endmacro()
set(BERT_LIBRARIES OpenMP::OpenMP_C Threads::Threads m)
set(BERT_PACKAGES "")
bert_dependency(ICU icu-uc icu-i18n)
bert_dependency(LIBARCHIVE libarchive)
bert_dependency(LIBXML libxml-2.0)
bert_dependency(ZLIB zlib)
bert_dependency(PACKERS libzstd liblz4 libbrotlidec snappy) # blocks of Parquet, Arrow and TensorFlow
bert_dependency(JANSSON jansson>=2.14)
bert_dependency(NETTLE nettle) # checksums
bert_dependency(XXHASH libxxhash)
# Only their headers: the libraries are loaded on demand.
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl>=7.85)
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd)
# Open MPI, for training on several ranks: likewise (src/dist/transport_mpi.c).
set(BERT_MPI AUTO CACHE STRING "Training on several ranks with Open MPI: AUTO (where its headers are found), ON or OFF")
set_property(CACHE BERT_MPI PROPERTY STRINGS AUTO ON OFF)
set(BERT_HAS_MPI FALSE)
if(NOT BERT_MPI STREQUAL "OFF")
    pkg_check_modules(MPI_HEADERS ompi-c)
    if(MPI_HEADERS_FOUND)
        set(BERT_HAS_MPI TRUE)
    elseif(NOT BERT_MPI STREQUAL "AUTO")
        message(FATAL_ERROR "BERT_MPI is ${BERT_MPI}, but Open MPI's headers are not found; install libopenmpi-dev")
    endif()
endif()
if(BERT_TESTS)
    pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
endif()
