#include "text/added_tokens.hpp"

#include <algorithm>
#include <utility>

#include "text/code_point_classes.hpp"
#include "text/decode.hpp"

namespace reranker::text {
namespace {

bool word_before(std::string_view text, std::size_t at) {
  return at > 0 && is_word(decode(previous(text.data() + at)).code_point);
}

bool word_behind(std::string_view text, std::size_t at) {
  return at < text.size() && is_word(decode(text.data() + at).code_point);
}

// The start of the white space that ends at `at`, as far back as `from`.
std::size_t strip_left(std::string_view text, std::size_t from, std::size_t at) {
  const char* p = text.data() + at;
  while (p > text.data() + from && is_space(decode(previous(p)).code_point)) p = previous(p);
  return p - text.data();
}

std::size_t strip_right(std::string_view text, std::size_t at) {
  for (; at < text.size(); at += decode(text.data() + at).bytes)
    if (!is_space(decode(text.data() + at).code_point)) break;
  return at;
}

}  // namespace

std::array<std::int32_t, 256> StringTrie::filled_roots() {
  std::array<std::int32_t, 256> roots;
  roots.fill(-1);
  return roots;
}

std::int32_t StringTrie::step(std::int32_t node, char byte) const {
  while (node >= 0 && nodes_[node].byte != byte) node = nodes_[node].sibling;
  return node;
}

void StringTrie::insert(std::string_view text, std::size_t value) {
  std::int32_t parent = -1;
  for (const char byte : text) {
    const auto first = [&]() -> std::int32_t& {
      return parent < 0 ? roots_[static_cast<unsigned char>(byte)] : nodes_[parent].child;
    };
    std::int32_t node = step(first(), byte);
    if (node < 0) {
      node = static_cast<std::int32_t>(nodes_.size());
      nodes_.push_back({byte, -1, first(), -1});
      first() = node;
    }
    parent = node;
  }
  nodes_[parent].value = static_cast<std::int64_t>(value);
}

std::optional<StringTrie::Match> StringTrie::longest_at(std::string_view text,
                                                        std::size_t begin) const {
  std::optional<Match> longest;
  std::int32_t node = roots_[static_cast<unsigned char>(text[begin])];
  for (std::size_t end = begin + 1; node >= 0; ++end) {
    if (nodes_[node].value >= 0) longest = {begin, end, std::size_t(nodes_[node].value)};
    if (end == text.size()) break;
    node = step(nodes_[node].child, text[end]);
  }
  return longest;
}

std::optional<StringTrie::Match> StringTrie::find(std::string_view text, std::size_t from) const {
  if (nodes_.empty()) return std::nullopt;
  for (std::size_t at = from; at < text.size(); ++at) {
    if (roots_[static_cast<unsigned char>(text[at])] < 0) continue;
    if (const auto match = longest_at(text, at)) return match;
  }
  return std::nullopt;
}

bool AddedTokenWalk::accepts(const AddedToken& token, const StringTrie::Match& match) const {
  if (token.special && mode_ == SpecialTokens::plain) return false;
  if (!token.single_word) return true;
  return !word_before(text_, match.begin) && !word_behind(text_, match.end);
}

// The end of the white space behind `at`. One run is walked once, however many tokens stand in it.
std::size_t AddedTokenWalk::blank_end(std::size_t at) {
  if (at >= blank_end_) blank_end_ = strip_right(text_, at);
  return blank_end_;
}

// A match that is not accepted is text, and what overlaps it is not looked for. Nor is one a token
// whose white space was taken by the one before.
std::optional<AddedTokenWalk::Piece> AddedTokenWalk::next_token() {
  while (const auto match = trie_.find(text_, searched_)) {
    searched_ = match->end;
    const AddedToken& token = tokens_[match->value];
    if (!accepts(token, *match)) continue;
    std::size_t begin = match->begin;
    if (token.lstrip) begin = begin < given_ ? given_ : strip_left(text_, given_, begin);
    const std::size_t end = token.rstrip ? blank_end(match->end) : match->end;
    if (begin < end) return Piece{text_.substr(begin, end - begin), &token};
  }
  return std::nullopt;
}

std::optional<AddedTokenWalk::Piece> AddedTokenWalk::next() {
  if (!held_) held_ = next_token();
  const std::size_t begin = held_ ? held_->text.data() - text_.data() : text_.size();
  if (given_ < begin) {
    const Piece before{text_.substr(given_, begin - given_), nullptr};
    given_ = begin;
    return before;
  }
  if (held_) given_ = begin + held_->text.size();
  return std::exchange(held_, std::nullopt);
}

AddedTokens::AddedTokens(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  for (std::size_t i = 0; i < tokens_.size(); ++i) trie_.insert(tokens_[i].content, i);
}

bool AddedTokens::may_straddle_colon() const {
  return std::any_of(tokens_.begin(), tokens_.end(), [](const AddedToken& token) {
    const bool inside = token.content.find(':', 1) != std::string::npos;
    return inside || (token.content[0] == ':' && token.single_word);
  });
}

}  // namespace reranker::text
