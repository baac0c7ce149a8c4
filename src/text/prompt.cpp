#include "text/prompt.hpp"

#include <algorithm>
#include <utility>

namespace reranker::text {
namespace {

std::string concatenate(std::string_view a, std::string_view b, std::string_view c = {}) {
  std::string text;
  text.reserve(a.size() + b.size() + c.size());
  return text.append(a).append(b).append(c);
}

void append(std::vector<TokenId>& ids, const std::vector<TokenId>& more) {
  ids.insert(ids.end(), more.begin(), more.end());
}

std::size_t minus(std::size_t a, std::size_t b) {
  return a > b ? a - b : 0;
}

}  // namespace

std::string_view cut_at_character(std::string_view text, std::size_t bytes) {
  if (bytes >= text.size()) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

Prompt::Prompt(const Tokenizer& tokenizer, Frame frame, Tokenizer::Scratch& scratch,
               SpecialTokens mode, std::string_view query, std::size_t max_tokens)
    : tokenizer_(tokenizer),
      frame_(std::move(frame)),
      scratch_(scratch),
      mode_(mode),
      max_tokens_(max_tokens),
      query_(query),
      head_(encode_head(query)) {
  const std::size_t least_passage = std::max<std::size_t>(frame_.passage_head.size(), 1);
  const std::size_t max_head_tokens =
      std::min(max_tokens * 3 / 4, minus(max_tokens, frame_.ids.end.size() + least_passage));
  if (head_.size() > max_head_tokens) cut_query(max_head_tokens);
}

std::string Prompt::head_text(std::string_view query) const {
  return concatenate(frame_.query_head, query, frame_.query_tail);
}

std::vector<TokenId> Prompt::encode_head(std::string_view query) const {
  std::vector<TokenId> ids = frame_.ids.begin;
  tokenizer_.encode(head_text(query), mode_, scratch_, ids);
  append(ids, frame_.ids.middle);
  return ids;
}

// Keeps the query's first tokens; fewer again while what follows the cut merges otherwise.
void Prompt::cut_query(std::size_t max_head_tokens) {
  const std::string whole = query_;
  std::vector<TokenId> ids;
  Ends ends;
  tokenizer_.encode(head_text(whole), mode_, scratch_, ids, ends);

  query_truncated_ = true;
  // The first tokens are the frame's own words, which encode_head({}) counts, too.
  const auto of_frame =
      std::upper_bound(ends.tokens.begin(), ends.tokens.end(), frame_.query_head.size());
  const auto lead = static_cast<std::size_t>(of_frame - ends.tokens.begin());
  std::size_t keep =
      std::min(minus(max_head_tokens, encode_head({}).size()) + lead, ends.tokens.size());
  while (head_.size() > max_head_tokens && !query_.empty()) {
    const std::size_t bytes = keep > 0 ? ends.tokens[keep - 1] : 0;
    query_ = cut_at_character(whole, minus(bytes, frame_.query_head.size()));
    head_ = encode_head(query_);
    keep = minus(keep, 1);
  }
}

std::size_t Prompt::passage_room() const {
  return minus(max_tokens_, head_.size() + frame_.ids.end.size());
}

EncodedPrompt Prompt::encode(std::string_view passage) const {
  const std::size_t room = max_tokens_ - frame_.ids.end.size();
  const std::string head = frame_.apart ? std::string() : head_text(query_);
  const std::string text = concatenate(head, frame_.passage_head, passage);
  EncodedPrompt out;
  out.ids = frame_.apart ? head_ : frame_.ids.begin;
  const std::size_t first = out.ids.size();
  TokenEnd last{room - first - 1};
  tokenizer_.encode(text, mode_, scratch_, out.ids, room - first + 1, &last);

  out.complete = out.ids.size() <= room;
  out.passage_bytes = passage.size();
  if (!out.complete) {
    out.ids.resize(room);
    out.passage_bytes = minus(last.byte, text.size() - passage.size());
  }
  append(out.ids, frame_.ids.end);
  if (frame_.ids.typed) out.num_type_1 = out.ids.size() - first;
  return out;
}

const std::vector<TokenId>& Prompt::query_tokens() const {
  if (query_tokens_) return *query_tokens_;
  std::vector<TokenId> ids;
  tokenizer_.encode(query_, SpecialTokens::plain, scratch_, ids);
  tokenizer_.encode(concatenate(" ", query_), SpecialTokens::plain, scratch_, ids);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  ids.erase(std::remove(ids.begin(), ids.end(), tokenizer_.unknown()), ids.end());
  return query_tokens_.emplace(std::move(ids));
}

Ends Prompt::ends(std::string_view passage) const {
  std::vector<TokenId> ids;
  Ends ends;
  const std::string text = concatenate(frame_.passage_head, passage);
  tokenizer_.encode(text, mode_, scratch_, ids, ends);
  const std::size_t lead = frame_.passage_head.size();
  for (std::size_t& byte : ends.tokens) byte = minus(byte, lead);
  for (Pretoken& pretoken : ends.pretokens) pretoken.end_byte = minus(pretoken.end_byte, lead);
  return ends;
}

}  // namespace reranker::text
