#pragma once

#include <string_view>

namespace reranker::text {

/// Whether at least half of the letters of `text` (valid UTF-8) are of the Latin script; so it is
/// without letters. Letters are \p{L}.
bool mostly_latin(std::string_view text);

}  // namespace reranker::text
