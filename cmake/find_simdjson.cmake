# reranker_simdjson: simdjson's two files compiled in, where RERANKER_SIMDJSON is their folder, so that
# no other simdjson in the host's process can take the place of ours; else the host's target or the
# system's library.
set(simdjson_folder "$ENV{RERANKER_SIMDJSON}")
if(simdjson_folder)
  get_filename_component(simdjson_folder ${simdjson_folder} ABSOLUTE BASE_DIR ${CMAKE_SOURCE_DIR})
else()
  set(simdjson_folder ${CMAKE_CURRENT_LIST_DIR}/../.deps/simdjson)
endif()
set(RERANKER_SIMDJSON ${simdjson_folder} CACHE PATH
    "Folder of simdjson.h and simdjson.cpp; where they are not, the system's library is linked")
if(DEFINED ENV{RERANKER_SIMDJSON})  # whatever a configuration before was given
  set(RERANKER_SIMDJSON ${simdjson_folder})
endif()

if(NOT EXISTS ${RERANKER_SIMDJSON}/simdjson.cpp)
  if(NOT TARGET simdjson::simdjson)
    find_package(simdjson QUIET)
    if(NOT simdjson_FOUND)
      message(FATAL_ERROR "simdjson is neither in RERANKER_SIMDJSON (${RERANKER_SIMDJSON}) nor in the system. "
                          "Run scripts/setup.sh, or set RERANKER_SIMDJSON to the folder of simdjson.h and simdjson.cpp.")
    endif()
    if(simdjson_VERSION VERSION_LESS 3)
      message(FATAL_ERROR "simdjson ${simdjson_VERSION} found in ${simdjson_DIR}; 3 or later is wanted")
    endif()
    set(RERANKER_SIMDJSON_NOTE "\n# To link and to run, the loader finds libsimdjson.so.")
  endif()
  add_library(reranker_simdjson INTERFACE)
  target_link_libraries(reranker_simdjson INTERFACE simdjson::simdjson)
  return()
endif()

add_library(reranker_simdjson STATIC ${RERANKER_SIMDJSON}/simdjson.cpp)
target_include_directories(reranker_simdjson SYSTEM PUBLIC ${RERANKER_SIMDJSON})
target_compile_features(reranker_simdjson PUBLIC cxx_std_17)
set_target_properties(reranker_simdjson PROPERTIES
  POSITION_INDEPENDENT_CODE ON
  COMPILE_WARNING_AS_ERROR OFF
  CXX_VISIBILITY_PRESET hidden
  VISIBILITY_INLINES_HIDDEN ON)
