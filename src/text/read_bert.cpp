#include <string>
#include <unordered_set>
#include <utility>

#include "text/bert.hpp"
#include "text/token_reader.hpp"
#include "text/tokenizer_file.hpp"

namespace reranker::text {
namespace {

// A file without one leaves text as it is.
BertNormalizer::Options read_normalizer(const Json& file) {
  BertNormalizer::Options options;
  const auto whole = file.find("normalizer");
  if (!whole) return options;
  const std::vector<Json> parts = components(*whole, "normalizers");
  if (parts.empty()) return options;
  if (parts.size() > 1 || !parts[0]["type"].is("BertNormalizer"))
    whole->unsupported("one BertNormalizer, as it goes before WordPiece");
  const Json& bert = parts[0];
  options.clean_text = bert["clean_text"].boolean();
  options.handle_chinese_chars = bert["handle_chinese_chars"].boolean();
  options.lowercase = bert["lowercase"].boolean();
  const auto strip_accents = bert.find("strip_accents");
  options.strip_accents = strip_accents ? strip_accents->boolean() : options.lowercase;
  return options;
}

// More than one is as good as one.
void check_pre_tokenizer(const Json& file) {
  constexpr std::string_view kWanted = "BertPreTokenizer, as it goes before WordPiece";
  const Json whole = file["pre_tokenizer"];
  if (!file.find("pre_tokenizer")) whole.unsupported(kWanted);
  const std::vector<Json> parts = components(whole, "pretokenizers");
  if (parts.empty()) whole.unsupported(kWanted);
  for (const Json& part : parts)
    if (!part["type"].is("BertPreTokenizer")) part.unsupported(kWanted);
}

// Those that are looked for in normalised text, as they look there.
AddedTokens normalized_tokens(const std::vector<AddedToken>& added_tokens,
                              const BertNormalizer& normalizer, const Json& file) {
  std::vector<AddedToken> tokens = select(added_tokens, /*normalized=*/true);
  std::unordered_set<std::string> contents;
  for (AddedToken& token : tokens) {
    NormalizedText normalized;
    normalizer.normalize(token.content, normalized);
    if (normalized.text.empty() || !contents.insert(normalized.text).second)
      file["added_tokens"].invalid("\"" + token.content +
                                   "\" to be, once normalized, some text that no other is");
    token.content = std::move(normalized.text);
  }
  return AddedTokens(std::move(tokens));
}

WordPiece read_word_piece(const Json& file, const std::vector<AddedToken>& added_tokens) {
  const Json model = file["model"];
  TokenReader tokens(model["vocab"], added_tokens.size(), Spelling::plain);
  WordPiece::Options options;
  options.max_word_chars = model["max_input_chars_per_word"].number();
  options.continuing_prefix = model["continuing_subword_prefix"].string();
  const Json unknown = model["unk_token"];
  options.unknown = tokens.find(unknown.string());
  if (options.unknown == kNoToken) unknown.invalid("a token of model.vocab");
  return WordPiece(tokens.with_added(added_tokens, file), options);
}

}  // namespace

std::unique_ptr<const PieceEncoder> read_bert(const Json& file,
                                              const std::vector<AddedToken>& added_tokens) {
  BertNormalizer normalizer(read_normalizer(file));
  check_pre_tokenizer(file);
  AddedTokens normalized = normalized_tokens(added_tokens, normalizer, file);
  WordPiece model = read_word_piece(file, added_tokens);
  return std::make_unique<Bert>(std::move(normalizer), std::move(normalized), std::move(model));
}

}  // namespace reranker::text
