# `cmake --install build/release --prefix DIR`: the program, the library with its headers and
# pkg-config file, and the manual pages. The tree can be moved afterwards.
include(GNUInstallDirs)

file(RELATIVE_PATH BERT_PREFIX_FROM_PC /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" BERT_PREFIX_FROM_PC "${BERT_PREFIX_FROM_PC}")
configure_file(cmake/libbert.pc.in ${CMAKE_BINARY_DIR}/libbert.pc @ONLY)

install(TARGETS bert bert_library)
install(DIRECTORY include/ TYPE INCLUDE FILES_MATCHING PATTERN "*.h")
install(FILES ${CMAKE_BINARY_DIR}/libbert.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(DIRECTORY docs/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 FILES_MATCHING PATTERN "*.1")
