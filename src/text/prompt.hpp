#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/frame.hpp"
#include "text/tokenizer.hpp"

namespace reranker::text {

/// `text` cut to at most `bytes`, never inside a character. Valid UTF-8 in and out.
std::string_view cut_at_character(std::string_view text, std::size_t bytes);

/// A prompt as the encoder reads it.
struct EncodedPrompt {
  std::vector<TokenId> ids;
  std::size_t num_type_1 = 0;     // so many at the end are of token type 1, those before of type 0
  bool complete = true;           // the passage is read to its end
  std::size_t passage_bytes = 0;  // how much of it is read
};

/// Prompts of one query in a frame.
///
/// The query's side is tokenised once where the frame says that it may be, else with every passage.
class Prompt {
 public:
  /// A window that cuts nothing.
  static constexpr std::size_t kNoWindow = Tokenizer::kNoLimit / 4;

  /// `query` and every passage must be valid UTF-8; `tokenizer` and `scratch` are borrowed.
  /// `max_tokens`, the window, holds the prompt of two empty texts twice at least. A query that
  /// would take more than three quarters of it, or leave a passage no token, is cut at its end to
  /// what does not.
  Prompt(const Tokenizer& tokenizer, Frame frame, Tokenizer::Scratch& scratch, SpecialTokens mode,
         std::string_view query, std::size_t max_tokens);

  bool query_truncated() const { return query_truncated_; }

  /// The prompt with `passage`, its tail cut where the window ends.
  EncodedPrompt encode(std::string_view passage) const;

  /// Tokens of the window that are left to a passage and what the frame puts in front of it.
  std::size_t passage_room() const;

  /// Tokens that the frame puts in front of a passage, at the most.
  std::size_t lead_tokens() const { return frame_.passage_head.size(); }

  /// So many ids of every prompt stand before the passage and what the frame puts in front of it.
  std::size_t head_tokens() const { return head_.size(); }

  /// The query's tokens as ordinary text has them, at a text's beginning and behind a space: ids
  /// that rise, none of them special or the unknown token's.
  const std::vector<TokenId>& query_tokens() const;

  /// Where the pretokens and tokens of `passage` end, in bytes of it. What the frame puts in
  /// front is read along: it may be a token at byte 0.
  Ends ends(std::string_view passage) const;

 private:
  std::string head_text(std::string_view query) const;
  std::vector<TokenId> encode_head(std::string_view query) const;
  void cut_query(std::size_t max_head_tokens);

  const Tokenizer& tokenizer_;
  Frame frame_;
  Tokenizer::Scratch& scratch_;
  SpecialTokens mode_;
  std::size_t max_tokens_;
  std::string query_;
  std::vector<TokenId> head_;  // up to what the frame puts in front of the passage
  bool query_truncated_ = false;
  mutable std::optional<std::vector<TokenId>> query_tokens_;  // made when they are first asked for
};

}  // namespace reranker::text
