#include <optional>
#include <string>
#include <utility>

#include "text/token_reader.hpp"
#include "text/tokenizer_file.hpp"

namespace reranker::text {
namespace {

struct Pair {
  std::string_view left, right;
};

// "a b", as older files have it, or ["a", "b"].
std::optional<Pair> read_pair(simdjson::dom::element merge) {
  std::string_view text;
  if (merge.get(text) == simdjson::SUCCESS) {
    const std::size_t space = text.find(' ');
    if (space == text.npos || text.find(' ', space + 1) != text.npos) return std::nullopt;
    return Pair{text.substr(0, space), text.substr(space + 1)};
  }
  simdjson::dom::array parts;
  Pair pair;
  const bool read = merge.get(parts) == simdjson::SUCCESS && parts.size() == 2 &&
                    parts.at(0).get(pair.left) == simdjson::SUCCESS &&
                    parts.at(1).get(pair.right) == simdjson::SUCCESS;
  return read ? std::optional(pair) : std::nullopt;
}

// Older files may carry the first line of merges.txt along.
bool is_version_line(simdjson::dom::element merge) {
  std::string_view text;
  return merge.get(text) == simdjson::SUCCESS && text.substr(0, 8) == "#version";
}

// simdjson counts no further.
constexpr std::size_t kTooManyMerges = 0xFFFFFF;

MergeTable read_merges(const Json& list, TokenReader& tokens) {
  const std::size_t size = list.array().size();
  if (size == kTooManyMerges) list.invalid("fewer than 16777215 merges");
  MergeTable table(size);
  std::string whole;
  std::size_t i = 0;
  for (const auto merge : list.array()) {
    const auto rank = static_cast<std::uint32_t>(i++);
    if (is_version_line(merge)) continue;
    const auto pair = read_pair(merge);
    if (!pair) list.element(merge, rank).invalid("\"a b\" or [\"a\", \"b\"]");
    whole.assign(pair->left).append(pair->right);
    const TokenId left = tokens.find(pair->left), right = tokens.find(pair->right);
    const TokenId merged = tokens.find(whole);
    if (left == kNoToken || right == kNoToken || merged == kNoToken)
      list.element(merge, rank).invalid("two tokens of model.vocab that are one together");
    table.set(left, right, {rank, merged});
  }
  return table;
}

void check_absent(const Json& model, std::string_view key) {
  const auto value = model.find(key);
  if (value && !value->is("")) value->unsupported("null");
}

void check_options(const Json& model) {
  const auto dropout = model.find("dropout");
  if (dropout && dropout->real() != 0) dropout->unsupported("null");
  check_absent(model, "continuing_subword_prefix");
  check_absent(model, "end_of_word_suffix");
  if (model.flag("byte_fallback")) model["byte_fallback"].unsupported("false");
}

// Whether text may hold a byte that is no token. These never occur in UTF-8: C0, C1, F5 to FF.
bool lacks_bytes(const Vocabulary& vocabulary) {
  for (unsigned byte = 0; byte < 0xF5; ++byte) {
    const char text = static_cast<char>(byte);
    if (byte != 0xC0 && byte != 0xC1 && vocabulary.find({&text, 1}) == kNoToken) return true;
  }
  return false;
}

// What stands for a byte that is no token. Without "unk_token" such a byte is dropped.
TokenId read_unknown(const Json& model, TokenReader& tokens) {
  const auto unknown = model.find("unk_token");
  if (!unknown || !lacks_bytes(tokens.vocabulary())) return kNoToken;
  if (model.flag("fuse_unk")) model["fuse_unk"].unsupported("false");
  const TokenId id = tokens.find(unknown->string());
  if (id == kNoToken) unknown->invalid("a token of model.vocab, which lacks single bytes");
  return id;
}

}  // namespace

std::unique_ptr<const PieceEncoder> read_byte_level(const Json& file,
                                                    const std::vector<AddedToken>& added_tokens) {
  check_normalizer(file);
  const PretokenizerSettings settings = read_pre_tokenizer(file);
  const Json model = file["model"];
  check_options(model);
  TokenReader tokens(model["vocab"], added_tokens.size(), Spelling::byte_alphabet);
  MergeTable merges = read_merges(model["merges"], tokens);
  ByteBpe::Options options;
  options.ignore_merges = model.flag("ignore_merges");
  options.unknown = read_unknown(model, tokens);
  ByteBpe bpe(tokens.with_added(added_tokens, file), std::move(merges), options);
  return std::make_unique<ByteLevel>(
      settings, AddedTokens(select(added_tokens, /*normalized=*/true)), std::move(bpe));
}

}  // namespace reranker::text
