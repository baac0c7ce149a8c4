#pragma once

#include <cstddef>
#include <vector>

#include "batch/sequence.hpp"
#include "text/tokenizer.hpp"

namespace reranker::batch {

/// The `most` (1 or more) of a passage's windows that likeliest answer a query, by the query's
/// tokens in them: positions in `windows`, rising; all where there are no more. Of two or more one
/// is the first window, whatever it holds: a text says in its beginning what it is about.
///
/// Each of the tokens counts once for a window that holds it, as many points as there are windows
/// without it: what the whole passage speaks of tells its parts apart by nothing. Of equals the
/// first. Whole numbers, so that every machine chooses the same.
///
///   query        ids, rising, each once
///   windows      of one passage; their first `head_tokens` ids are the query's side
std::vector<std::size_t> likeliest(const std::vector<text::TokenId>& query,
                                   const std::vector<Sequence>& windows, std::size_t head_tokens,
                                   std::size_t most);

}  // namespace reranker::batch
