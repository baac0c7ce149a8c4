# Sets RERANKER_HAS_CUDA and turns the language on where RERANKER_CUDA asks for it and a CUDA
# Toolkit with cuBLASLt is there.
set(RERANKER_HAS_CUDA FALSE)
if(NOT RERANKER_CUDA)
  return()
endif()

# What a configuration before did not find may be there now.
if(NOT CMAKE_CUDA_COMPILER)
  foreach(found CMAKE_CUDA_COMPILER CUDAToolkit_NVCC_EXECUTABLE CUDAToolkit_BIN_DIR)
    unset(${found} CACHE)
  endforeach()
endif()

# The toolkit of the compiler that is named, or else the compiler of the toolkit: check_language looks on
# the PATH alone, which NVIDIA's packages leave as it is.
set(nvcc "${CMAKE_CUDA_COMPILER}")
if(NOT nvcc)
  set(nvcc "$ENV{CUDACXX}")
endif()
if(nvcc AND NOT CUDAToolkit_ROOT)
  get_filename_component(CUDAToolkit_ROOT "${nvcc}" DIRECTORY)
endif()
find_package(CUDAToolkit 12.9 QUIET)
if(CUDAToolkit_FOUND)
  include(CheckLanguage)
  set(cudacxx "$ENV{CUDACXX}")
  if(NOT nvcc)
    set(ENV{CUDACXX} "${CUDAToolkit_NVCC_EXECUTABLE}")
  endif()
  check_language(CUDA)
  set(ENV{CUDACXX} "${cudacxx}")
endif()

if(CMAKE_CUDA_COMPILER AND TARGET CUDA::cublasLt AND TARGET CUDA::cudart_static)
  set(CMAKE_CUDA_ARCHITECTURES 80)  # every target names its own
  enable_language(CUDA)
  set(RERANKER_HAS_CUDA TRUE)
elseif(NOT RERANKER_CUDA STREQUAL AUTO)
  message(FATAL_ERROR "RERANKER_CUDA is ${RERANKER_CUDA}, but no CUDA Toolkit (12.9 or later, with nvcc, cublasLt and "
                      "a static cudart) was found (now: '${CUDAToolkit_VERSION}' in '${CUDAToolkit_BIN_DIR}'). "
                      "Set the environment variable CUDACXX to its nvcc.")
endif()
message(STATUS "CUDA engine: ${RERANKER_HAS_CUDA}")
