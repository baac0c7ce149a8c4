# The CUDA engine on the host: a module under the real one's name, in a folder of its own beside
# links to the library and the CPU's module. A program that finds the library there first opens it.
set(on_host ${PROJECT_BINARY_DIR}/lib/on_host)
add_library(reranker_cuda_on_host MODULE
  $<TARGET_OBJECTS:reranker_cuda_engine> $<TARGET_OBJECTS:cuda_kernels_on_host>)
reranker_engine_module(reranker_cuda_on_host)
target_link_libraries(reranker_cuda_on_host PRIVATE cuda_on_host)
set_target_properties(reranker_cuda_on_host PROPERTIES
  OUTPUT_NAME reranker_cuda LIBRARY_OUTPUT_DIRECTORY ${on_host})
add_dependencies(reranker_cuda_on_host reranker_cpu)
# What the library looks for before it opens the module.
file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/driver.cpp CONTENT "")
add_library(cuda_driver_on_host SHARED ${CMAKE_CURRENT_BINARY_DIR}/driver.cpp)
set_target_properties(cuda_driver_on_host PROPERTIES
  OUTPUT_NAME cuda SOVERSION 1 LIBRARY_OUTPUT_DIRECTORY ${on_host})
add_dependencies(reranker_cuda_on_host cuda_driver_on_host)
add_custom_command(TARGET reranker_cuda_on_host POST_BUILD
  COMMAND ${CMAKE_COMMAND} -E create_symlink $<TARGET_FILE:reranker>
          ${on_host}/$<TARGET_SONAME_FILE_NAME:reranker>
  COMMAND ${CMAKE_COMMAND} -E create_symlink $<TARGET_FILE:reranker_cpu>
          ${on_host}/$<TARGET_FILE_NAME:reranker_cpu>)
