# Writes INPUTS, a list of files, end to end as a string constant NAME into the header OUTPUT.
foreach(input IN LISTS INPUTS)
  file(READ ${input} part)
  string(APPEND text "${part}")
endforeach()
file(WRITE ${OUTPUT} "#pragma once

namespace reranker::model {

constexpr const char* ${NAME} = R\"script(${text})script\";

}  // namespace reranker::model
")
