#pragma once

#include <string_view>
#include <vector>

#include "text/tokenizer.hpp"

using Ids = std::vector<reranker::text::TokenId>;

/// The ids of one text.
inline Ids encode(const reranker::text::Tokenizer& tokenizer, std::string_view text,
                  reranker::SpecialTokens mode = reranker::SpecialTokens::match) {
  reranker::text::Tokenizer::Scratch scratch;
  Ids ids;
  tokenizer.encode(text, mode, scratch, ids);
  return ids;
}

/// Where its parts end.
inline reranker::text::Ends ends_of(const reranker::text::Tokenizer& tokenizer,
                                    std::string_view text) {
  reranker::text::Tokenizer::Scratch scratch;
  Ids ids;
  reranker::text::Ends ends;
  tokenizer.encode(text, reranker::SpecialTokens::match, scratch, ids, ends);
  return ends;
}
