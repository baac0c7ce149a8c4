# What every engine has in common: LibTorch, of which no header or symbol leaves its module.
function(reranker_engine_code target)
  reranker_target(${target})
  target_include_directories(${target} PRIVATE
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/src)
  target_include_directories(${target} SYSTEM PRIVATE
    $<TARGET_PROPERTY:LibTorch::cpu,INTERFACE_INCLUDE_DIRECTORIES> ${RERANKER_XXHASH_INCLUDE})
  target_link_libraries(${target} PRIVATE fmt::fmt-header-only)
endfunction()

# A module of engine code and the one symbol that it exports.
function(reranker_engine_module target)
  reranker_engine_code(${target})
  target_link_libraries(${target} PRIVATE reranker LibTorch::cpu)
  target_link_options(${target} PRIVATE
    LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/engine.map LINKER:-z,nodelete,-z,now
    # Clang leaves a sanitizer's own symbols to the program.
    $<$<CXX_COMPILER_ID:GNU>:LINKER:--no-undefined>)
  # By name: INSTALL_RPATH_USE_LINK_PATH leaves out folders inside the source tree, as .deps/ is.
  get_filename_component(libtorch_folder ${LibTorch_CPU_LIBRARY} DIRECTORY)
  set_target_properties(${target} PROPERTIES
    LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/engine.map
    INSTALL_RPATH "$ORIGIN;${libtorch_folder}")
  # The library opens lib<target>.so, whatever a host calls its own.
  set_target_properties(${target} PROPERTIES PREFIX lib)
  foreach(config IN LISTS CMAKE_CONFIGURATION_TYPES CMAKE_BUILD_TYPE)
    string(TOUPPER ${config} config)
    set_target_properties(${target} PROPERTIES ${config}_POSTFIX "")
  endforeach()
endfunction()
