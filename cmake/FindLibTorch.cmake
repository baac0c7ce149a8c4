# LibTorch as a plain imported target, LibTorch::cpu, from the `torch` folder of the PyPI wheel
# or from an unpacked LibTorch. We do not use its own package: it wants the whole CUDA stack.
#
#   LibTorch_ROOT   the folder that holds include/ and lib/: looked at alone where it is given, as a
#                   variable or in the environment; from the root of the top project
#
# Only the engine module sees the target, so users of an installed reranker need none of this.

set(libtorch_places HINTS ${PROJECT_SOURCE_DIR}/.deps/torch)
set(libtorch_root "$ENV{LibTorch_ROOT}")
if(LibTorch_ROOT)
  set(libtorch_root ${LibTorch_ROOT})
endif()
if(libtorch_root)
  get_filename_component(libtorch_root ${libtorch_root} ABSOLUTE BASE_DIR ${CMAKE_SOURCE_DIR})
  set(libtorch_places PATHS ${libtorch_root} NO_DEFAULT_PATH)
  foreach(found LibTorch_INCLUDE_DIR LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY)
    cmake_path(IS_PREFIX libtorch_root "${${found}}" NORMALIZE there)
    if(NOT there)
      unset(${found} CACHE)  # of a configuration before
    endif()
  endforeach()
endif()
find_path(LibTorch_INCLUDE_DIR ATen/ATen.h ${libtorch_places} PATH_SUFFIXES include)
find_library(LibTorch_CPU_LIBRARY torch_cpu ${libtorch_places} PATH_SUFFIXES lib)
find_library(LibTorch_C10_LIBRARY c10 ${libtorch_places} PATH_SUFFIXES lib)

if(LibTorch_INCLUDE_DIR)
  set(version_lines "")
  foreach(header torch/headeronly/version.h torch/csrc/api/include/torch/version.h)
    if(NOT version_lines AND EXISTS ${LibTorch_INCLUDE_DIR}/${header})
      file(STRINGS ${LibTorch_INCLUDE_DIR}/${header} version_lines
           REGEX "#define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
    endif()
  endforeach()
  if(NOT version_lines)
    message(FATAL_ERROR "No version.h in ${LibTorch_INCLUDE_DIR}/torch says which LibTorch this is; 2.7 or later is wanted")
  endif()
  string(REGEX REPLACE "[^0-9;]" "" LibTorch_VERSION "${version_lines}")
  string(REPLACE ";" "." LibTorch_VERSION "${LibTorch_VERSION}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_INCLUDE_DIR
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "Run scripts/setup.sh, or set LibTorch_ROOT (now: '${libtorch_root}') to the folder that holds LibTorch's include/ and lib/.")

if(LibTorch_FOUND AND LibTorch_VERSION VERSION_LESS 2.7)
  message(FATAL_ERROR "LibTorch ${LibTorch_VERSION} found in ${LibTorch_INCLUDE_DIR}; 2.7 or later is wanted")
endif()

if(LibTorch_FOUND AND NOT TARGET LibTorch::cpu)
  add_library(LibTorch::c10 SHARED IMPORTED)
  set_target_properties(LibTorch::c10 PROPERTIES IMPORTED_LOCATION ${LibTorch_C10_LIBRARY})
  add_library(LibTorch::cpu SHARED IMPORTED)
  set_target_properties(LibTorch::cpu PROPERTIES
    IMPORTED_LOCATION ${LibTorch_CPU_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES
      "${LibTorch_INCLUDE_DIR};${LibTorch_INCLUDE_DIR}/torch/csrc/api/include"
    INTERFACE_LINK_LIBRARIES LibTorch::c10)
endif()
