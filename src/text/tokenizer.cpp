#include "text/tokenizer.hpp"

#include <cassert>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include <reranker/error.hpp>

#include "text/added_tokens.hpp"
#include "text/json.hpp"
#include "text/piece_encoder.hpp"
#include "text/tokenizer_file.hpp"
#include "text/utf8.hpp"

namespace reranker::text {

struct Tokenizer::Parts {
  AddedTokens exact;  // the added tokens that are not normalized
  std::unique_ptr<const PieceEncoder> encoder;
  Templates around;
};

struct Tokenizer::Scratch::Buffers {
  EncodeBuffers encode;
  std::weak_ptr<const Parts> owner;  // whose pretokens the caches hold
};

namespace {

NamedText read_file(const std::filesystem::path& path) {
  // A folder can be opened too, with a size that is nonsense; a pipe would be waited for.
  if (std::error_code ignored;
      std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored))
    throw Error(ErrorCode::model_not_found, path.string() + " is no regular file, wanted one");
  simdjson::padded_string text;
  const simdjson::error_code error = simdjson::padded_string::load(path.string()).get(text);
  if (error == simdjson::MEMALLOC) throw std::bad_alloc();
  if (error != simdjson::SUCCESS)
    throw Error(ErrorCode::model_not_found, path.string() + " cannot be read, wanted a file");
  return {std::string(std::string_view(text)), path.string()};
}

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

// How long a sequence gets is the caller's to say, and where it is cut: on the right.
static void require_cut_on_the_right(const Json& file) {
  const auto truncation = file.find("truncation");
  const auto direction = truncation ? truncation->find("direction") : std::nullopt;
  if (direction && !direction->is("Right")) direction->unsupported("\"Right\"");
}

Tokenizer Tokenizer::load(const std::filesystem::path& tokenizer_json) {
  return parse(read_file(tokenizer_json));
}

Tokenizer Tokenizer::parse(const NamedText& json, const std::optional<NamedText>& config) {
  simdjson::dom::parser parser;
  const Json file = Json::parse(json.text, json.file, parser);

  require_cut_on_the_right(file);
  const std::vector<AddedToken> added = read_added_tokens(file);
  auto encoder = read_encoder(file, added);
  Templates around = read_post_processor(file, encoder->vocabulary_size());
  if (config) require_agreement(*config, file, added, around);
  // Not make_shared: a Scratch that outlives the model must not hold its memory.
  return Tokenizer(std::shared_ptr<const Parts>(new Parts{
      AddedTokens(select(added, /*normalized=*/false)), std::move(encoder), std::move(around)}));
}

void Tokenizer::encode(std::string_view utf8, SpecialTokens mode, Scratch& scratch,
                       std::vector<TokenId>& ids, std::size_t max_tokens, TokenEnd* end) const {
  encode(utf8, mode, scratch, EncodeOutput(ids, max_tokens, end, nullptr));
}

void Tokenizer::encode(std::string_view utf8, SpecialTokens mode, Scratch& scratch,
                       std::vector<TokenId>& ids, Ends& ends, std::size_t max_tokens) const {
  encode(utf8, mode, scratch, EncodeOutput(ids, max_tokens, nullptr, &ends));
}

void Tokenizer::encode(std::string_view utf8, SpecialTokens mode, Scratch& scratch,
                       EncodeOutput out) const {
  assert(valid_utf8(utf8));
  Scratch::Buffers& buffers = *scratch.buffers_;
  if (!same(buffers.owner, parts_)) {
    buffers.encode.clear_caches();
    buffers.owner = parts_;
  }
  parts_->exact.for_each_piece(utf8, mode, [&](std::string_view piece, const AddedToken* token) {
    if (out.full()) return false;
    const auto begin = static_cast<std::size_t>(piece.data() - utf8.data());
    if (token != nullptr)
      out.add_token(token->id, begin + piece.size());
    else
      parts_->encoder->encode(piece, begin, mode, buffers.encode, out);
    return true;
  });
}

const std::vector<TokenId>& Tokenizer::prefix() const {
  return parts_->around.prefix;
}

const std::vector<TokenId>& Tokenizer::suffix() const {
  return parts_->around.suffix;
}

const std::optional<PairTemplate>& Tokenizer::pair() const {
  return parts_->around.pair;
}

TokenId Tokenizer::unknown() const {
  return parts_->encoder->unknown();
}

std::size_t Tokenizer::vocabulary_size() const {
  return parts_->encoder->vocabulary_size();
}

bool Tokenizer::splits_before_colon() const {
  return parts_->encoder->splits_before_colon() && !parts_->exact.may_straddle_colon();
}

std::string_view Tokenizer::kind() const {
  return parts_->encoder->kind();
}

}  // namespace reranker::text
