#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <reranker/options.hpp>

namespace reranker::text {

using TokenId = std::int32_t;

/// The end of a pretoken, or of an added token found in the text. Each starts
/// where the one before it ends.
struct Pretoken {
  std::size_t end_byte;   // in the text given to encode
  std::size_t end_token;  // counted from the first id which that call appended
};

/// Where the parts of an encoded text end, in bytes of it.
struct Ends {
  std::vector<Pretoken> pretokens;
  std::vector<std::size_t> tokens;  // one for each id; the last of a pretoken ends with it
};

/// Where one token ends, asked for by its number.
struct TokenEnd {
  std::size_t token;     // counted from the first id which the call of encode appends
  std::size_t byte = 0;  // stays as it is if there are not so many
};

/// What the post-processor puts around a pair of texts, A and B.
struct PairTemplate {
  std::vector<TokenId> begin, middle, end;  // before A, between the two, behind B
  bool typed = false;  // B and what is behind it are of token type 1, the rest of type 0
};

class EncodeOutput;

/// A JSON text, and the file that it is from, for messages.
struct NamedText {
  std::string text;
  std::string file;
};

/// The tokenizer that a Hugging Face tokenizer.json describes: byte-level BPE as
/// Llama 3, SmolLM2 and GPT-2 have it, or BERT's WordPiece. Ids equal those of the
/// `tokenizers` package on every text.
///
/// Immutable once loaded; copies share what was loaded. Any number of threads
/// may call it, each with a Scratch of its own.
class Tokenizer {
 public:
  class Scratch;

  static constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

  /// Of a tokenizer.json, and of the tokenizer_config.json beside it, if there is one: transformers
  /// lets it overrule some of the other, so where it says something else it is refused.
  ///
  /// Throws Error: model_invalid (a file contradicts itself), unsupported (a component that we do
  /// not have, by name; files that contradict each other).
  static Tokenizer parse(const NamedText& json, const std::optional<NamedText>& config = {});

  /// Of a tokenizer.json alone. Throws Error: as parse; model_not_found (no such file).
  static Tokenizer load(const std::filesystem::path& tokenizer_json);

  /// Appends the ids of `utf8` to `ids`, without the template around a sequence.
  ///
  /// `utf8` must be valid (utf8.hpp repairs it). Once `max_tokens` ids or more
  /// are there the rest of the text is not encoded; what was appended ends at a
  /// pretoken and equals the head of the unlimited result. `end`, if given, asks
  /// where one of the tokens ends.
  ///
  /// Throws Error: invalid_argument for a pretoken of 4 GiB.
  void encode(std::string_view utf8, SpecialTokens mode, Scratch& scratch,
              std::vector<TokenId>& ids, std::size_t max_tokens = kNoLimit,
              TokenEnd* end = nullptr) const;

  /// The same, and where all of it ends; `ends` loses what it held. Slower.
  void encode(std::string_view utf8, SpecialTokens mode, Scratch& scratch,
              std::vector<TokenId>& ids, Ends& ends, std::size_t max_tokens = kNoLimit) const;

  /// What the post-processor puts before and after a single sequence.
  const std::vector<TokenId>& prefix() const;
  const std::vector<TokenId>& suffix() const;

  /// The same around two; none where the file has no template of A and then B with special
  /// tokens, or one with other token types than PairTemplate can tell.
  const std::optional<PairTemplate>& pair() const;

  /// The id of what the vocabulary has no token for; -1 where it has one for everything.
  TokenId unknown() const;

  /// The largest id plus one.
  std::size_t vocabulary_size() const;

  /// Whether ids("…letter") ++ ids(":…") is ids("…letter:…") for every text.
  bool splits_before_colon() const;

  /// "llama3", "smollm2", "gpt2" or "bert": the pre-tokenizer's family.
  std::string_view kind() const;

  struct Parts;

 private:
  explicit Tokenizer(std::shared_ptr<const Parts> parts);
  void encode(std::string_view utf8, SpecialTokens mode, Scratch& scratch, EncodeOutput out) const;

  std::shared_ptr<const Parts> parts_;
};

/// What one call of encode works in: buffers and a bounded cache of pretokens. Reuse makes the next
/// call faster and changes no result. One call at a time; may be used with any tokenizer, in turn.
class Tokenizer::Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(Scratch&&) noexcept;
  Scratch& operator=(Scratch&&) noexcept;

  struct Buffers;

 private:
  friend class Tokenizer;
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace reranker::text
