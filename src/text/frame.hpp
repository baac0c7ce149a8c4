#pragma once

#include <string>
#include <string_view>

#include "text/tokenizer.hpp"

namespace reranker::text {

/// How a model wants to read a query and a passage as one sequence: which texts stand around
/// them, and which ids around those. What is read is
///
///     ids.begin  query_head + query + query_tail  ids.middle  passage_head + passage  ids.end
struct Frame {
  PairTemplate ids;
  std::string_view query_head, query_tail, passage_head;  // constants
  /// Whether the query's side has ids of its own, whatever the passage. If not, both are one text
  /// to the tokenizer, and ids.middle is empty.
  bool apart = true;
};

/// "question:{query} \n \n passage:{passage}", one text, no space behind the colons, in the
/// template of a single sequence. It is what NVIDIA's rerankers were trained with and stands in no
/// file of the model: NVIDIA-NeMo/Automodel, retrieval_collator.py, prompt_template.
Frame question_frame(const Tokenizer& tokenizer);

/// Query and passage as the two texts of the tokenizer's pair template, as in
/// [CLS] query [SEP] passage [SEP]: BERT's cross-encoders.
/// Throws Error: unsupported, where the tokenizer, read from `file`, has none.
Frame pair_frame(const Tokenizer& tokenizer, const std::string& file = "tokenizer.json");

}  // namespace reranker::text
