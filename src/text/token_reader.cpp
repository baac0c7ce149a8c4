#include "text/token_reader.hpp"

#include <utility>

#include "text/byte_alphabet.hpp"

namespace reranker::text {

TokenReader::TokenReader(const Json& vocab, std::size_t num_added, Spelling spelling)
    : json_(vocab),
      spelling_(spelling),
      num_tokens_(vocab.object().size()),
      vocabulary_(num_tokens_ + num_added) {
  for (const auto [text, value] : json_.object()) {
    std::uint64_t id;
    if (value.get(id) != simdjson::SUCCESS || id >= num_tokens_)
      json_[text].invalid("an id from 0 to " + std::to_string(num_tokens_ - 1) +
                          ", as there are so many tokens");
    add(text, static_cast<TokenId>(id));
  }
}

bool TokenReader::spells(std::string_view text) {
  bytes_.clear();
  if (spelling_ == Spelling::byte_alphabet) return append_spelled_bytes(text, bytes_);
  bytes_ = text;
  return true;
}

TokenId TokenReader::find(std::string_view text) {
  if (spells(text)) return vocabulary_.find(bytes_);
  const auto found = unspelled_.find(std::string(text));
  return found == unspelled_.end() ? kNoToken : found->second;
}

void TokenReader::add(std::string_view text, TokenId id) {
  if (vocabulary_.has(id)) json_[text].invalid("an id that no other token has");
  if (find(text) != kNoToken) json_[text].invalid("no second id for this token");
  const bool spelled = spells(text);
  vocabulary_.set(id, spelled ? std::string_view(bytes_) : text, spelled);
  // No text spells the rest, but merges and added tokens may name them.
  if (!spelled) unspelled_.emplace(text, id);
}

// The tokens that the model holds keep their ids, the others follow behind in their order: so
// Hugging Face gives them out, whatever id the file has for them.
Vocabulary TokenReader::with_added(const std::vector<AddedToken>& added, const Json& file) {
  std::size_t size = num_tokens_;
  for (std::size_t i = 0; i < added.size(); ++i) {
    TokenId id = find(added[i].content);
    if (id == kNoToken) {
      id = static_cast<TokenId>(size++);
      vocabulary_.set(id, added[i].content, /*can_be_found=*/false);
    }
    if (id == added[i].id) continue;
    const Json list = file["added_tokens"];
    list.element(list.array().at(i), i)["id"].invalid(
        std::to_string(id) + ", the id in model.vocab or else the next free one");
  }
  vocabulary_.resize(size);
  return std::move(vocabulary_);
}

}  // namespace reranker::text
