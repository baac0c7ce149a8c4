include(CMakePackageConfigHelpers)

# A host's documents have a folder of another name.
set(doc_folder ${CMAKE_INSTALL_DOCDIR})
if(NOT PROJECT_IS_TOP_LEVEL)
  set(doc_folder ${CMAKE_INSTALL_DATAROOTDIR}/doc/reranker)
endif()

# The engines' modules lie beside the library, which looks for it there.
install(TARGETS reranker EXPORT rerankerTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})  # for CMake before 3.23, which knows no sets
# For a host that has the sources for a folder and exports what it links.
install(TARGETS reranker_with_engines EXPORT rerankerTargets)
set(engines reranker_cpu)
if(TARGET reranker_cuda)
  list(APPEND engines reranker_cuda)
endif()
install(TARGETS ${engines} RUNTIME_DEPENDENCY_SET engines_need LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})

# All that the engines need and a system has not: LibTorch, and what it was linked with. In a folder of
# their own, for libgomp.so.1 is among them: in a folder of the system it would be every program's.
if(RERANKER_INSTALL_LIBTORCH)
  set(needed_folder ${CMAKE_INSTALL_LIBDIR}/reranker)
  set_target_properties(${engines} PROPERTIES INSTALL_RPATH "$ORIGIN/reranker;$ORIGIN")
  get_filename_component(libtorch_folder ${LibTorch_CPU_LIBRARY} DIRECTORY)
  install(RUNTIME_DEPENDENCY_SET engines_need
    DIRECTORIES ${libtorch_folder}
    PRE_EXCLUDE_REGEXES "^libreranker" "^lib(c|m|dl|rt|pthread|stdc[+][+]|gcc_s|cuda)[.]so" "^ld-linux"
    POST_EXCLUDE_REGEXES "^/(usr/)?lib(32|64|x32)?/"
    LIBRARY DESTINATION ${needed_folder})
  install(CODE "
    cmake_path(APPEND CMAKE_INSTALL_PREFIX ${needed_folder} OUTPUT_VARIABLE folder)
    if(NOT EXISTS \"\$ENV{DESTDIR}\${folder}/libtorch_cpu.so\")
      message(FATAL_ERROR \"libtorch_cpu.so is not in \${folder}: ${LibTorch_CPU_LIBRARY} was taken for one of \"
                          \"the system's, which are not installed; set LibTorch_ROOT to one outside /lib and /usr/lib\")
    endif()")

  # The wheel has its licences beside torch/.
  get_filename_component(torch_folder ${libtorch_folder}/.. REALPATH)
  file(GLOB licence_folders ${torch_folder}/../torch-*.dist-info)
  foreach(name LICENSE NOTICE)
    find_file(libtorch_${name} ${name} PATHS ${licence_folders} ${torch_folder} PATH_SUFFIXES licenses
              NO_DEFAULT_PATH NO_CACHE)
    if(libtorch_${name})
      install(FILES ${libtorch_${name}} DESTINATION ${doc_folder}/libtorch)
    else()
      message(WARNING "LibTorch's ${name}, which has to go with it, is not in ${torch_folder} nor in a "
                      "torch-*.dist-info beside it")
    endif()
  endforeach()
endif()

install(FILES ${PROJECT_SOURCE_DIR}/THIRD_PARTY.md DESTINATION ${doc_folder})

set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/reranker)
install(EXPORT rerankerTargets NAMESPACE reranker:: DESTINATION ${config_folder})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/rerankerConfig.cmake.in
  ${PROJECT_BINARY_DIR}/rerankerConfig.cmake INSTALL_DESTINATION ${config_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/rerankerConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/rerankerConfig.cmake
              ${PROJECT_BINARY_DIR}/rerankerConfigVersion.cmake
  DESTINATION ${config_folder})
