# Sets RERANKER_HAS_CUDA and turns the language on where RERANKER_CUDA asks for it and a CUDA
# Toolkit with cuBLASLt is there.
set(RERANKER_HAS_CUDA FALSE)
if(NOT RERANKER_CUDA)
  return()
endif()

include(CheckLanguage)
check_language(CUDA)
find_package(CUDAToolkit 12.9 QUIET)
if(CMAKE_CUDA_COMPILER AND TARGET CUDA::cublasLt AND TARGET CUDA::cudart_static)
  set(CMAKE_CUDA_ARCHITECTURES 80)  # every target names its own
  enable_language(CUDA)
  set(RERANKER_HAS_CUDA TRUE)
elseif(NOT RERANKER_CUDA STREQUAL AUTO)
  message(FATAL_ERROR "RERANKER_CUDA is ${RERANKER_CUDA}, but no CUDA Toolkit (12.9 or later, with "
                      "nvcc, cublasLt and a static cudart) was found; set CUDAToolkit_ROOT")
endif()
message(STATUS "CUDA engine: ${RERANKER_HAS_CUDA}")
