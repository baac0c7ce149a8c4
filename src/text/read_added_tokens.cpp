#include "text/tokenizer_file.hpp"

#include <unordered_set>

namespace reranker::text {
namespace {

// The largest id that fits TokenId with room for a size behind it.
constexpr std::uint64_t kMaxId = 0x7FFFFFFE;

AddedToken read_added_token(const Json& entry) {
  const Json id = entry["id"];
  if (id.number() > kMaxId) id.invalid("an id that fits 31 bits");
  AddedToken token;
  token.id = static_cast<TokenId>(id.number());
  token.content = entry["content"].string();
  token.special = entry["special"].boolean();
  token.normalized = entry["normalized"].boolean();
  token.single_word = entry["single_word"].boolean();
  token.lstrip = entry["lstrip"].boolean();
  token.rstrip = entry["rstrip"].boolean();
  return token;
}

}  // namespace

std::vector<AddedToken> read_added_tokens(const Json& file) {
  std::vector<AddedToken> tokens;
  const auto list = file.find("added_tokens");
  if (!list) return tokens;
  std::unordered_set<std::string> contents;
  for (const auto element : list->array()) {
    const Json entry = list->element(element, tokens.size());
    tokens.push_back(read_added_token(entry));
    const std::string& content = tokens.back().content;
    if (content.empty()) entry["content"].invalid("some text");
    if (!contents.insert(content).second)
      entry["content"].invalid("text that no other added token has");
  }
  return tokens;
}

}  // namespace reranker::text
