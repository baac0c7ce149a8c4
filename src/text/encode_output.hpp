#pragma once

#include <cstddef>
#include <vector>

#include "text/tokenizer.hpp"

namespace reranker::text {

/// What a call of Tokenizer::encode has appended so far.
class EncodeOutput {
 public:
  EncodeOutput(std::vector<TokenId>& ids, std::size_t max_tokens, TokenEnd* one, Ends* all)
      : ids_(ids), first_id_(ids.size()), max_tokens_(max_tokens), one_(one), all_(all) {
    if (all_ != nullptr) *all_ = {};
  }

  bool full() const { return num_tokens() >= max_tokens_; }

  std::vector<TokenId>& ids() { return ids_; }

  /// Whether end_token is to be called for the ids behind the last end_pretoken, but for the last
  /// of them.
  bool wants_token_ends() const {
    const bool holds_one =
        one_ != nullptr && one_->token >= ended_ && one_->token + 1 < num_tokens();
    return all_ != nullptr || holds_one;
  }

  void end_token(std::size_t byte) {
    if (all_ != nullptr) all_->tokens.push_back(byte);
    if (one_ != nullptr && one_->token == ended_) one_->byte = byte;
    ++ended_;
  }

  /// Behind the last token of a pretoken, which may have none.
  void end_pretoken(std::size_t byte) {
    if (ended_ < num_tokens()) end_last_token(byte);
    ended_ = num_tokens();
    if (all_ != nullptr) all_->pretokens.push_back({byte, ended_});
  }

  /// The last pretoken goes on to here.
  void extend_pretoken(std::size_t byte) {
    if (ended_ == 0) return;
    end_last_token(byte);
    if (all_ != nullptr) all_->pretokens.back().end_byte = byte;
  }

  void add_token(TokenId id, std::size_t end_byte) {
    ids_.push_back(id);
    end_pretoken(end_byte);
  }

 private:
  std::size_t num_tokens() const { return ids_.size() - first_id_; }

  void end_last_token(std::size_t byte) {
    if (all_ != nullptr) {
      all_->tokens.resize(num_tokens());
      all_->tokens.back() = byte;
    }
    if (one_ != nullptr && one_->token + 1 == num_tokens()) one_->byte = byte;
  }

  std::vector<TokenId>& ids_;
  std::size_t first_id_;
  std::size_t max_tokens_;
  TokenEnd* one_;
  Ends* all_;
  std::size_t ended_ = 0;  // tokens that are known where they end
};

}  // namespace reranker::text
