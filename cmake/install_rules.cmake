include(CMakePackageConfigHelpers)

# The engines' modules lie beside the library, which looks for it there.
install(TARGETS reranker EXPORT rerankerTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})  # for CMake before 3.23, which knows no sets
install(TARGETS reranker_cpu LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET reranker_cuda)
  install(TARGETS reranker_cuda LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()

set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/reranker)
install(EXPORT rerankerTargets NAMESPACE reranker:: DESTINATION ${config_folder})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/rerankerConfig.cmake.in
  ${PROJECT_BINARY_DIR}/rerankerConfig.cmake INSTALL_DESTINATION ${config_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/rerankerConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/rerankerConfig.cmake
              ${PROJECT_BINARY_DIR}/rerankerConfigVersion.cmake
  DESTINATION ${config_folder})
