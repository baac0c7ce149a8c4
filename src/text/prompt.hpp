#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.hpp"

namespace reranker::text {

/// `text` cut to at most `bytes`, never inside a character. Valid UTF-8 in and out.
std::string_view cut_at_character(std::string_view text, std::size_t bytes);

/// A prompt as the encoder reads it.
struct EncodedPrompt {
  std::vector<TokenId> ids;
  bool complete = true;           // the passage is read to its end
  std::size_t passage_bytes = 0;  // how much of it is read
};

/// Prompts of one query: "question:{query} \n \n passage:{passage}", one sequence, no space after
/// the colons, inside the tokenizer's template. It is what the reranker was trained with and
/// stands in no file of the model: NVIDIA-NeMo/Automodel, retrieval_collator.py, prompt_template.
///
/// The query's side is tokenised once where the tokenizer is known to split in front of the
/// passage's colon, else with every passage.
class Prompt {
 public:
  /// A window that cuts nothing.
  static constexpr std::size_t kNoWindow = Tokenizer::kNoLimit / 4;

  /// `query` and every passage must be valid UTF-8; `tokenizer` and `scratch` are borrowed.
  /// `max_tokens`, the window, holds the prompt of two empty texts twice at least. A query that
  /// would take more than three quarters of it is cut at its end to what does not.
  Prompt(const Tokenizer& tokenizer, Tokenizer::Scratch& scratch, SpecialTokens mode,
         std::string_view query, std::size_t max_tokens);

  bool query_truncated() const { return query_truncated_; }

  /// The prompt with `passage`, its tail cut where the window ends.
  EncodedPrompt encode(std::string_view passage) const;

  /// Tokens of the window that are left to a passage and the colon before it.
  std::size_t passage_room() const;

  /// The tokens of `passage` behind the colon (the first token holds the colon), and the ends of
  /// its pretokens, in bytes of ":" + passage and in tokens.
  std::vector<Pretoken> pretokens(std::string_view passage, std::vector<TokenId>& ids) const;

  const Tokenizer& tokenizer() const { return tokenizer_; }

 private:
  std::vector<TokenId> encode_head(std::string_view query) const;
  void cut_query(std::size_t max_head_tokens);

  const Tokenizer& tokenizer_;
  Tokenizer::Scratch& scratch_;
  SpecialTokens mode_;
  std::size_t max_tokens_;
  std::string query_;
  std::vector<TokenId> head_;  // template, then "question:{query} \n \n passage"
  bool query_truncated_ = false;
};

}  // namespace reranker::text
