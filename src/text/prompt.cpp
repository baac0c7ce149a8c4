#include "text/prompt.hpp"

#include <algorithm>

namespace reranker::text {
namespace {

constexpr std::string_view kQuestion = "question:";
constexpr std::string_view kPassage = " \n \n passage";

std::string concatenate(std::string_view a, std::string_view b, std::string_view c = {}) {
  std::string text;
  text.reserve(a.size() + b.size() + c.size());
  return text.append(a).append(b).append(c);
}

std::size_t total_bytes(const Tokenizer& tokenizer, const TokenId* begin, const TokenId* end) {
  std::size_t bytes = 0;
  for (; begin != end; ++begin) bytes += tokenizer.token_bytes(*begin);
  return bytes;
}

}  // namespace

std::string_view cut_at_character(std::string_view text, std::size_t bytes) {
  if (bytes >= text.size()) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

Prompt::Prompt(const Tokenizer& tokenizer, Tokenizer::Scratch& scratch, SpecialTokens mode,
               std::string_view query, std::size_t max_tokens)
    : tokenizer_(tokenizer),
      scratch_(scratch),
      mode_(mode),
      max_tokens_(max_tokens),
      query_(query),
      head_(encode_head(query)) {
  const std::size_t max_head_tokens = max_tokens * 3 / 4;
  if (head_.size() > max_head_tokens) cut_query(max_head_tokens);
}

std::vector<TokenId> Prompt::encode_head(std::string_view query) const {
  std::vector<TokenId> ids = tokenizer_.prefix();
  tokenizer_.encode(concatenate(kQuestion, query, kPassage), mode_, scratch_, ids);
  return ids;
}

// Keeps the query's first tokens; fewer again while what follows the cut merges otherwise.
void Prompt::cut_query(std::size_t max_head_tokens) {
  const std::string whole = query_;
  const std::vector<TokenId> tokens = head_;
  const std::size_t first = tokenizer_.prefix().size();
  const std::size_t frame = encode_head({}).size() - first;

  query_truncated_ = true;
  std::size_t keep = max_head_tokens > frame ? max_head_tokens - frame : first;
  while (head_.size() > max_head_tokens && !query_.empty()) {
    const std::size_t bytes = total_bytes(tokenizer_, &tokens[first], &tokens[keep]);
    query_ = cut_at_character(whole, bytes > kQuestion.size() ? bytes - kQuestion.size() : 0);
    head_ = encode_head(query_);
    keep = keep > first ? keep - 1 : first;
  }
}

std::size_t Prompt::passage_room() const {
  const std::size_t frame = head_.size() + tokenizer_.suffix().size();
  return max_tokens_ > frame ? max_tokens_ - frame : 0;
}

EncodedPrompt Prompt::encode(std::string_view passage) const {
  const auto& suffix = tokenizer_.suffix();
  const std::size_t room = max_tokens_ - suffix.size();
  EncodedPrompt out;
  if (tokenizer_.splits_before_colon()) {
    out.ids = head_;
    tokenizer_.encode(concatenate(":", passage), mode_, scratch_, out.ids, nullptr,
                      room - head_.size() + 1);
  } else {
    out.ids = tokenizer_.prefix();
    const std::string head = concatenate(kQuestion, query_, kPassage);
    tokenizer_.encode(concatenate(head, ":", passage), mode_, scratch_, out.ids, nullptr, room + 1);
  }

  out.complete = out.ids.size() <= room;
  out.passage_bytes = passage.size();
  if (!out.complete) {
    out.ids.resize(room);
    const std::size_t frame_bytes = kQuestion.size() + query_.size() + kPassage.size() + 1;
    const auto* ids = out.ids.data();
    const std::size_t bytes =
        total_bytes(tokenizer_, ids + tokenizer_.prefix().size(), ids + out.ids.size());
    out.passage_bytes = std::min(bytes - std::min(bytes, frame_bytes), passage.size());
  }
  out.ids.insert(out.ids.end(), suffix.begin(), suffix.end());
  return out;
}

std::vector<Pretoken> Prompt::pretokens(std::string_view passage, std::vector<TokenId>& ids) const {
  std::vector<Pretoken> ends;
  tokenizer_.encode(concatenate(":", passage), mode_, scratch_, ids, &ends);
  return ends;
}

}  // namespace reranker::text
