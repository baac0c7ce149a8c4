# Fails if an object of an instruction set defines a weak or unique symbol: an inline function from
# a header, compiled with instructions that not every machine has, might be kept for all callers.
set(num_looked_at 0)
foreach(object IN LISTS OBJECTS)
  if(NOT object MATCHES "_(avx2|avx512|avx_vnni|avx512_vnni|avx512_bf16|amx)\\.cpp")
    continue()
  endif()
  math(EXPR num_looked_at "${num_looked_at} + 1")
  execute_process(COMMAND ${NM} --defined-only ${object} OUTPUT_VARIABLE symbols
                  COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[^\n]* [uvVwW] [^\n]*" shared "${symbols}")
  if(shared)
    message(SEND_ERROR "${object} shares code with the linker: ${shared}")
  endif()
endforeach()
if(num_looked_at EQUAL 0)
  message(SEND_ERROR "no object of an instruction set is among ${OBJECTS}")
endif()
