# reranker_simdjson: simdjson's two files compiled in, where RERANKER_SIMDJSON is their folder, so that
# no other simdjson in the host's process can take the place of ours; else the system's shared library.
set(RERANKER_SIMDJSON ${CMAKE_CURRENT_LIST_DIR}/../.deps/simdjson CACHE PATH
    "Folder of simdjson.h and simdjson.cpp; where they are not, the system's library is linked")

if(NOT EXISTS ${RERANKER_SIMDJSON}/simdjson.cpp)
  find_package(simdjson QUIET)
  if(NOT simdjson_FOUND)
    message(FATAL_ERROR "simdjson is neither in RERANKER_SIMDJSON (${RERANKER_SIMDJSON}) nor in the system. "
                        "Run scripts/setup.sh, or set RERANKER_SIMDJSON to the folder of simdjson.h and simdjson.cpp.")
  endif()
  add_library(reranker_simdjson ALIAS simdjson::simdjson)
  set(RERANKER_SIMDJSON_NOTE "\n# To link and to run, the loader finds libsimdjson.so.")
  return()
endif()

add_library(reranker_simdjson STATIC ${RERANKER_SIMDJSON}/simdjson.cpp)
target_include_directories(reranker_simdjson SYSTEM PUBLIC ${RERANKER_SIMDJSON})
target_compile_features(reranker_simdjson PUBLIC cxx_std_17)
set_target_properties(reranker_simdjson PROPERTIES
  POSITION_INDEPENDENT_CODE ON
  CXX_VISIBILITY_PRESET hidden
  VISIBILITY_INLINES_HIDDEN ON)
