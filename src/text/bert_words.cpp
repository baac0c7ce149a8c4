#include "text/bert_words.hpp"

namespace reranker::text {

void BertWords::clear() {
  buffers_.word.clear();
  buffers_.begins.clear();
  num_chars_ = 0;
  whole_ = false;
}

void BertWords::finish(std::size_t end) {
  if (buffers_.word.empty() || full_) return;
  const std::size_t first_id = out_.ids().size();
  model_.encode(buffers_.word, buffers_.cache, out_.ids());
  if (out_.wants_token_ends()) end_tokens(first_id);
  out_.end_pretoken(offset_ + end);
  full_ = out_.full();
  clear();
}

// A token ends where the character behind it begins.
void BertWords::end_tokens(std::size_t first_id) {
  const std::vector<TokenId>& ids = out_.ids();
  std::size_t at = 0;
  for (std::size_t i = first_id; i + 1 < ids.size(); ++i) {
    at += i == first_id ? model_.first_bytes(ids[i]) : model_.next_bytes(ids[i]);
    out_.end_token(offset_ + buffers_.begins[at]);
  }
}

}  // namespace reranker::text
