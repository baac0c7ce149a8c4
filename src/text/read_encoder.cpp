#include <algorithm>
#include <iterator>

#include "text/tokenizer_file.hpp"

namespace reranker::text {
namespace {

void flatten(const Json& component, std::string_view member, std::vector<Json>& flat) {
  if (!component["type"].is("Sequence")) return flat.push_back(component);
  const Json list = component[member];
  std::size_t i = 0;
  for (const auto element : list.array()) flatten(list.element(element, i++), member, flat);
}

}  // namespace

std::vector<Json> components(const Json& whole, std::string_view member) {
  std::vector<Json> flat;
  flatten(whole, member, flat);
  return flat;
}

std::vector<AddedToken> select(const std::vector<AddedToken>& tokens, bool normalized) {
  std::vector<AddedToken> selected;
  std::copy_if(tokens.begin(), tokens.end(), std::back_inserter(selected),
               [normalized](const AddedToken& token) { return token.normalized == normalized; });
  return selected;
}

// Older files do not name the type: what has merges is BPE there.
bool is_word_piece(const Json& file) {
  const Json model = file["model"];
  const auto type = model.find("type");
  if (!type) return model.find("max_input_chars_per_word") && !model.find("merges");
  if (!type->is("BPE") && !type->is("WordPiece")) type->unsupported("\"BPE\" or \"WordPiece\"");
  return type->is("WordPiece");
}

std::unique_ptr<const PieceEncoder> read_encoder(const Json& file,
                                                 const std::vector<AddedToken>& added_tokens) {
  return is_word_piece(file) ? read_bert(file, added_tokens) : read_byte_level(file, added_tokens);
}

}  // namespace reranker::text
