# `cmake --install build/release --prefix DIR`: the program, the library (shared and static) with its headers, its
# packages for CMake and pkg-config, and the manual pages. The tree can be moved afterwards.
include(CMakePackageConfigHelpers)

install(TARGETS bert)
install(TARGETS bert_shared EXPORT bert_shared)
install(TARGETS bert_static EXPORT bert_static)
install(DIRECTORY include/ TYPE INCLUDE FILES_MATCHING PATTERN "*.h")
install(DIRECTORY docs/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 FILES_MATCHING PATTERN "*.1")

# find_package(bert 0.1 CONFIG REQUIRED)
set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/bert)
set(compatibility SameMajorVersion)
if(PROJECT_VERSION_MAJOR EQUAL 0)
    set(compatibility SameMinorVersion)
endif()
configure_package_config_file(cmake/bertConfig.cmake.in ${CMAKE_BINARY_DIR}/bertConfig.cmake
    INSTALL_DESTINATION ${package_directory} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/bertConfigVersion.cmake COMPATIBILITY ${compatibility})
install(FILES ${CMAKE_BINARY_DIR}/bertConfig.cmake ${CMAKE_BINARY_DIR}/bertConfigVersion.cmake
    DESTINATION ${package_directory})
install(EXPORT bert_shared NAMESPACE bert:: DESTINATION ${package_directory} FILE bertSharedTargets.cmake)
install(EXPORT bert_static NAMESPACE bert:: DESTINATION ${package_directory} FILE bertStaticTargets.cmake)

# pkg-config: libbert, libbert-static
file(RELATIVE_PATH BERT_PREFIX_FROM_PC /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" BERT_PREFIX_FROM_PC "${BERT_PREFIX_FROM_PC}")
list(JOIN BERT_PACKAGES ", " BERT_PC_REQUIRES)
string(REGEX REPLACE "([<>=]+)" " \\1 " BERT_PC_REQUIRES "${BERT_PC_REQUIRES}")
foreach(package libbert libbert-static)
    configure_file(cmake/${package}.pc.in ${CMAKE_BINARY_DIR}/${package}.pc @ONLY)
    install(FILES ${CMAKE_BINARY_DIR}/${package}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
