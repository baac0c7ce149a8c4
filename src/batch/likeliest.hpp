#pragma once

#include <cstddef>
#include <vector>

#include "batch/sequence.hpp"
#include "text/tokenizer.hpp"

namespace reranker::batch {

/// The `most` (1 or more) of a passage's chunks that likeliest answer a query, by the query's
/// tokens in them: positions in `chunks`, rising; all where there are no more. Of two or more one
/// is the first chunk, whatever it holds: a text says in its beginning what it is about.
///
/// A chunk gets, for each query token that it holds, as many points as there are chunks without
/// that token: one that all hold tells nothing apart. Ties go to the earlier chunk. Whole numbers,
/// so that every machine chooses the same.
///
///   query        ids, rising, each once
///   chunks       of one passage; their first `head_tokens` ids are the query's side
std::vector<std::size_t> likeliest(const std::vector<text::TokenId>& query,
                                   const std::vector<Sequence>& chunks, std::size_t head_tokens,
                                   std::size_t most);

}  // namespace reranker::batch
