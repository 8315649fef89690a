# The two installed libraries, both from bert_library's objects. They export only the public symbols (bert_…).

# Rule of the SONAME: include/bert/version.h
set(BERT_ABI_VERSION ${PROJECT_VERSION_MAJOR})
if(PROJECT_VERSION_MAJOR EQUAL 0)
    set(BERT_ABI_VERSION 0.${PROJECT_VERSION_MINOR})
endif()

# libbert.so: libbert.map lists the exported symbols.
set(exports ${CMAKE_CURRENT_BINARY_DIR}/libbert.map)
configure_file(libbert.map.in ${exports} @ONLY)
add_library(bert_shared SHARED $<TARGET_OBJECTS:bert_library>)
set_target_properties(bert_shared PROPERTIES OUTPUT_NAME bert EXPORT_NAME bert LINKER_LANGUAGE C
    VERSION ${PROJECT_VERSION} SOVERSION ${BERT_ABI_VERSION} LINK_DEPENDS ${exports})
target_link_options(bert_shared PRIVATE -Wl,--version-script=${exports})
target_link_libraries(bert_shared PRIVATE bert_compiler ${BERT_LIBRARIES})

# libbert.a: all objects linked into one (ld -r), whose other symbols become local, so that a program may define a
# zip_open of its own. Linked by the compiler, which can handle its own intermediate code (-flto).
set(lto_option "")
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    set(lto_option -flinker-output=nolto-rel)
endif()
set(object ${CMAKE_CURRENT_BINARY_DIR}/libbert.o)
add_custom_command(OUTPUT ${object} DEPENDS bert_library VERBATIM
    COMMENT "Linking libbert.o with local symbols"
    COMMAND ${CMAKE_C_COMPILER} -r -nostdlib ${lto_option} -Wl,-d
        -o ${object} -Wl,--whole-archive $<TARGET_FILE:bert_library>
    COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=bert_* ${object}
    COMMAND_EXPAND_LISTS)
add_library(bert_static STATIC ${object})
set_target_properties(bert_static PROPERTIES OUTPUT_NAME bert LINKER_LANGUAGE C)
# Users of the installed library link what bertConfig.cmake found.
target_link_libraries(bert_static INTERFACE
    "$<BUILD_INTERFACE:${BERT_LIBRARIES}>" "$<INSTALL_INTERFACE:PkgConfig::BERT_STATIC;-fopenmp;-pthread;m>")

foreach(library bert_shared bert_static)
    target_include_directories(${library} INTERFACE
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()
