# Newer compilers warn of more, which is not to end a user's build.
set(reranker_werror OFF)
if(RERANKER_WERROR AND CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION MATCHES "^12[.]")
  set(reranker_werror ON)
endif()

# What every target of ours has in common: the standard, hidden symbols, our own warnings.
function(reranker_target target)
  target_compile_features(${target} PUBLIC cxx_std_17)
  set_target_properties(${target} PROPERTIES
    CXX_EXTENSIONS OFF
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON
    COMPILE_WARNING_AS_ERROR OFF  # a host may ask for both: its compiler need not be ours,
    UNITY_BUILD OFF)              # and names are a file's own here
  # A host's flags come first. Fast mathematics would take finite scores' checks away, and the bits.
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-fast-math>)
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wnon-virtual-dtor;-Woverloaded-virtual>
    $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${reranker_werror}>>:-Werror>
    $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra>
    $<$<AND:$<COMPILE_LANGUAGE:CUDA>,$<BOOL:${reranker_werror}>>:-Werror=all-warnings>)
endfunction()
