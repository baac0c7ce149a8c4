#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "text/byte_alphabet.hpp"
#include "text/tokenizer_file.hpp"

namespace reranker::text {
namespace {

// The tokens by the text that the file has for them.
class TokenReader {
 public:
  TokenReader(const Json& vocab, std::size_t num_added)
      : json_(vocab), vocabulary_(vocab.object().size() + num_added) {}

  Vocabulary& vocabulary() { return vocabulary_; }

  // The id of a token; kNoToken if the vocabulary does not hold it.
  TokenId find(std::string_view text) {
    bytes_.clear();
    if (append_spelled_bytes(text, bytes_)) return vocabulary_.find(bytes_);
    const auto found = unspelled_.find(std::string(text));
    return found == unspelled_.end() ? kNoToken : found->second;
  }

  // Ids are checked to be 0 to n - 1, each once.
  void read_all() {
    const std::size_t num_tokens = json_.object().size();
    for (const auto [text, value] : json_.object()) {
      std::uint64_t id;
      if (value.get(id) != simdjson::SUCCESS || id >= num_tokens)
        json_[text].invalid("an id from 0 to " + std::to_string(num_tokens - 1) +
                            ", as there are so many tokens");
      add(text, static_cast<TokenId>(id));
    }
  }

 private:
  void add(std::string_view text, TokenId id) {
    if (vocabulary_.has(id)) json_[text].invalid("an id that no other token has");
    if (find(text) != kNoToken) json_[text].invalid("no second id for this token");
    bytes_.clear();
    const bool spelled = append_spelled_bytes(text, bytes_);
    vocabulary_.set(id, spelled ? std::string_view(bytes_) : text, spelled);
    // No text spells the rest, but merges and added tokens may name them.
    if (!spelled) unspelled_.emplace(text, id);
  }

  Json json_;
  Vocabulary vocabulary_;
  std::unordered_map<std::string, TokenId> unspelled_;
  std::string bytes_;
};

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

MergeTable read_merges(const Json& list, TokenReader& tokens) {
  MergeTable table(list.array().size());
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
  const auto type = model.find("type");
  if (type && !type->is("BPE")) type->unsupported("\"BPE\"");
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

// The tokens that the model holds keep their ids, the others follow behind in their order: so
// Hugging Face gives them out, whatever id the file has for them.
std::size_t add_tokens(const std::vector<AddedToken>& added, const Json& file,
                       TokenReader& tokens) {
  std::size_t size = file["model"]["vocab"].object().size();
  for (std::size_t i = 0; i < added.size(); ++i) {
    TokenId id = tokens.find(added[i].content);
    if (id == kNoToken) {
      id = static_cast<TokenId>(size++);
      tokens.vocabulary().set(id, added[i].content, /*can_be_found=*/false);
    }
    if (id == added[i].id) continue;
    const Json list = file["added_tokens"];
    list.element(list.array().at(i), i)["id"].invalid(
        std::to_string(id) + ", the id in model.vocab or else the next free one");
  }
  return size;
}

}  // namespace

ByteBpe read_model(const Json& file, const std::vector<AddedToken>& added_tokens) {
  const Json model = file["model"];
  check_options(model);
  TokenReader tokens(model["vocab"], added_tokens.size());
  tokens.read_all();
  MergeTable merges = read_merges(model["merges"], tokens);
  ByteBpe::Options options;
  options.ignore_merges = model.flag("ignore_merges");
  options.unknown = read_unknown(model, tokens);
  tokens.vocabulary().resize(add_tokens(added_tokens, file, tokens));
  return ByteBpe(std::move(tokens.vocabulary()), std::move(merges), options);
}

}  // namespace reranker::text
