#include "text/tokenizer.hpp"

#include <cassert>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include <reranker/error.hpp>

#include "text/added_tokens.hpp"
#include "text/byte_bpe.hpp"
#include "text/json.hpp"
#include "text/pretokenizer.hpp"
#include "text/tokenizer_file.hpp"
#include "text/utf8.hpp"

namespace reranker::text {

struct Tokenizer::Parts {
  std::string_view kind;
  Pretokenizer pretokenizer;
  bool add_prefix_space;
  AddedTokens added_tokens;
  ByteBpe bpe;
  Template around;
  std::vector<std::uint32_t> token_bytes;
};

struct Tokenizer::Scratch::Buffers {
  BpeBuffers bpe;
  std::string prefixed;
  std::weak_ptr<const Parts> owner;  // whose pretokens the cache holds
};

namespace {

simdjson::padded_string read_file(const std::filesystem::path& path) {
  // Opening a folder succeeds on Linux, and its size is nonsense.
  if (std::error_code ignored; std::filesystem::is_directory(path, ignored))
    throw Error(ErrorCode::model_not_found, path.string() + " is a folder, wanted a file");
  simdjson::padded_string text;
  const simdjson::error_code error = simdjson::padded_string::load(path.string()).get(text);
  if (error == simdjson::MEMALLOC) throw std::bad_alloc();
  if (error != simdjson::SUCCESS)
    throw Error(ErrorCode::model_not_found, path.string() + " cannot be read, wanted a file");
  return text;
}

simdjson::dom::element parse(const std::filesystem::path& path, simdjson::dom::parser& parser,
                             const simdjson::padded_string& text) {
  simdjson::dom::element root;
  const simdjson::error_code error = parser.parse(text).get(root);
  if (error == simdjson::MEMALLOC) throw std::bad_alloc();
  if (error != simdjson::SUCCESS)
    throw Error(ErrorCode::model_invalid,
                path.string() + " is not JSON: " + simdjson::error_message(error));
  return root;
}

std::vector<std::uint32_t> count_bytes(const Vocabulary& vocabulary,
                                       const std::vector<AddedToken>& added_tokens) {
  std::vector<std::uint32_t> bytes(vocabulary.size());
  for (std::size_t id = 0; id < bytes.size(); ++id)
    bytes[id] = static_cast<std::uint32_t>(vocabulary.bytes(static_cast<TokenId>(id)).size());
  // An added token stands for its own text even where the same text in the vocabulary spells bytes.
  for (const AddedToken& token : added_tokens)
    bytes[token.id] = static_cast<std::uint32_t>(token.content.size());
  return bytes;
}

// One call of encode.
class Encoder {
 public:
  Encoder(const Pretokenizer& pretokenizer, const ByteBpe& bpe, BpeBuffers& buffers,
          std::vector<TokenId>& ids, std::vector<Pretoken>* pretokens, std::size_t max_tokens)
      : pretokenizer_(pretokenizer),
        bpe_(bpe),
        buffers_(buffers),
        ids_(ids),
        pretokens_(pretokens),
        first_id_(ids.size()),
        max_tokens_(max_tokens) {}

  bool full() const { return ids_.size() - first_id_ >= max_tokens_; }

  void add_token(TokenId id, std::size_t end_byte) {
    ids_.push_back(id);
    add_end(end_byte);
  }

  /// `begin_byte` is where `text` starts in what was given to encode: one byte before the piece if
  /// a space was put in front of it.
  void add_text(std::string_view text, std::ptrdiff_t begin_byte) {
    for (std::size_t at = 0; at < text.size() && !full();) {
      const char* begin = text.data() + at;
      const auto bytes = static_cast<std::size_t>(pretokenizer_.first_end(text.substr(at)) - begin);
      check_length(bytes);
      bpe_.encode({begin, bytes}, buffers_, ids_);
      at += bytes;
      add_end(static_cast<std::size_t>(begin_byte + static_cast<std::ptrdiff_t>(at)));
    }
  }

 private:
  static void check_length(std::size_t bytes) {
    if (bytes > ByteBpe::kMaxPretokenBytes)
      throw Error(ErrorCode::invalid_argument, "text holds a word of " + std::to_string(bytes) +
                                                   " bytes, wanted at most " +
                                                   std::to_string(ByteBpe::kMaxPretokenBytes));
  }

  void add_end(std::size_t end_byte) {
    if (pretokens_ != nullptr) pretokens_->push_back({end_byte, ids_.size() - first_id_});
  }

  const Pretokenizer& pretokenizer_;
  const ByteBpe& bpe_;
  BpeBuffers& buffers_;
  std::vector<TokenId>& ids_;
  std::vector<Pretoken>* pretokens_;
  std::size_t first_id_;
  std::size_t max_tokens_;
};

bool same(const std::weak_ptr<const Tokenizer::Parts>& a,
          const std::shared_ptr<const Tokenizer::Parts>& b) {
  return !a.owner_before(b) && !b.owner_before(a);
}

}  // namespace

Tokenizer::Scratch::Scratch() : buffers_(std::make_unique<Buffers>()) {}
Tokenizer::Scratch::~Scratch() = default;
Tokenizer::Scratch::Scratch(Scratch&&) noexcept = default;
Tokenizer::Scratch& Tokenizer::Scratch::operator=(Scratch&&) noexcept = default;

Tokenizer::Tokenizer(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}

Tokenizer Tokenizer::load(const std::filesystem::path& tokenizer_json) {
  const simdjson::padded_string text = read_file(tokenizer_json);
  simdjson::dom::parser parser;
  const Json file(parse(tokenizer_json, parser, text), tokenizer_json.string());

  check_normalizer(file);
  const PretokenizerSettings pre = read_pre_tokenizer(file);
  const std::vector<AddedToken> added = read_added_tokens(file);
  ByteBpe bpe = read_model(file, added);
  Template around = read_post_processor(file, bpe.vocabulary().size());
  auto bytes = count_bytes(bpe.vocabulary(), added);
  // Not make_shared: a Scratch that outlives the model must not hold its memory.
  return Tokenizer(std::shared_ptr<const Parts>(
      new Parts{pre.kind, Pretokenizer(pre.pattern, pre.classes), pre.add_prefix_space,
                AddedTokens(added), std::move(bpe), std::move(around), std::move(bytes)}));
}

void Tokenizer::encode(std::string_view utf8, SpecialTokens mode, Scratch& scratch,
                       std::vector<TokenId>& ids, std::vector<Pretoken>* pretokens,
                       std::size_t max_tokens) const {
  assert(valid_utf8(utf8));
  Scratch::Buffers& buffers = *scratch.buffers_;
  if (!same(buffers.owner, parts_)) {
    buffers.bpe.cache.clear();
    buffers.owner = parts_;
  }
  Encoder encoder(parts_->pretokenizer, parts_->bpe, buffers.bpe, ids, pretokens, max_tokens);
  parts_->added_tokens.for_each_piece(
      utf8, mode, [&](std::string_view piece, const AddedToken* token) {
        if (encoder.full()) return false;
        const std::ptrdiff_t begin = piece.data() - utf8.data();
        if (token != nullptr) {
          encoder.add_token(token->id, static_cast<std::size_t>(begin) + piece.size());
        } else if (parts_->add_prefix_space && piece[0] != ' ') {
          buffers.prefixed.assign(1, ' ').append(piece);
          encoder.add_text(buffers.prefixed, begin - 1);
        } else {
          encoder.add_text(piece, begin);
        }
        return true;
      });
}

const std::vector<TokenId>& Tokenizer::prefix() const {
  return parts_->around.prefix;
}

const std::vector<TokenId>& Tokenizer::suffix() const {
  return parts_->around.suffix;
}

std::size_t Tokenizer::vocabulary_size() const {
  return parts_->token_bytes.size();
}

std::size_t Tokenizer::token_bytes(TokenId id) const {
  const auto index = static_cast<std::size_t>(id);
  return index < parts_->token_bytes.size() ? parts_->token_bytes[index] : 0;
}

// Each regex that we know ends a pretoken between a letter and a colon.
bool Tokenizer::splits_before_colon() const {
  return !parts_->add_prefix_space && !parts_->added_tokens.may_straddle_colon();
}

std::string_view Tokenizer::kind() const {
  return parts_->kind;
}

}  // namespace reranker::text
