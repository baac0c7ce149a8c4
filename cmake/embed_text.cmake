# Writes INPUT as a string constant NAME into the header OUTPUT.
file(READ ${INPUT} text)
file(WRITE ${OUTPUT} "#pragma once

namespace reranker::model {

constexpr const char* ${NAME} = R\"script(${text})script\";

}  // namespace reranker::model
")
