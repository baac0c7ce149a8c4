include(CMakePackageConfigHelpers)

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

# All that the engines need and a system has not: LibTorch, and what it was linked with.
if(RERANKER_INSTALL_LIBTORCH)
  set_target_properties(${engines} PROPERTIES INSTALL_RPATH $ORIGIN)
  get_filename_component(libtorch_folder ${LibTorch_CPU_LIBRARY} DIRECTORY)
  install(RUNTIME_DEPENDENCY_SET engines_need
    DIRECTORIES ${libtorch_folder}
    PRE_EXCLUDE_REGEXES "^libreranker" "^lib(c|m|dl|rt|pthread|stdc[+][+]|gcc_s|cuda)[.]so" "^ld-linux"
    POST_EXCLUDE_REGEXES "^/lib" "^/usr/lib"
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()

install(FILES ${PROJECT_SOURCE_DIR}/THIRD_PARTY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/reranker)
install(EXPORT rerankerTargets NAMESPACE reranker:: DESTINATION ${config_folder})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/rerankerConfig.cmake.in
  ${PROJECT_BINARY_DIR}/rerankerConfig.cmake INSTALL_DESTINATION ${config_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/rerankerConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/rerankerConfig.cmake
              ${PROJECT_BINARY_DIR}/rerankerConfigVersion.cmake
  DESTINATION ${config_folder})
