#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
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

/// The byte-level BPE that a Hugging Face tokenizer.json describes: Llama 3,
/// SmolLM2, GPT-2 and those built alike. Ids equal those of the `tokenizers`
/// package on every text.
///
/// Immutable once loaded; copies share what was loaded. Any number of threads
/// may call it, each with a Scratch of its own.
class Tokenizer {
 public:
  class Scratch;

  static constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

  /// Throws Error: model_not_found (no such file), model_invalid (the file
  /// contradicts itself), unsupported (a component that we do not have, by name).
  static Tokenizer load(const std::filesystem::path& tokenizer_json);

  /// Appends the ids of `utf8` to `ids`, without the template around a sequence,
  /// and, where asked, the ends of its pretokens to `pretokens`.
  ///
  /// `utf8` must be valid (utf8.hpp repairs it). Once `max_tokens` ids or more
  /// are there the rest of the text is not encoded; what was appended ends at a
  /// pretoken and equals the head of the unlimited result.
  ///
  /// Throws Error: invalid_argument for a pretoken of 4 GiB.
  void encode(std::string_view utf8, SpecialTokens mode, Scratch& scratch,
              std::vector<TokenId>& ids, std::vector<Pretoken>* pretokens = nullptr,
              std::size_t max_tokens = kNoLimit) const;

  /// What the post-processor puts before and after a single sequence.
  const std::vector<TokenId>& prefix() const;
  const std::vector<TokenId>& suffix() const;

  /// The largest id plus one.
  std::size_t vocabulary_size() const;

  /// Bytes of text that the id stands for; 0 for an id that stands for none.
  ///
  /// A text may have more bytes than its ids: a byte that is no token of the
  /// vocabulary is dropped (SmolLM2 has no U+0004), and added tokens may take
  /// white space along. Pretoken::end_byte counts all.
  std::size_t token_bytes(TokenId id) const;

  /// Whether ids("…letter") ++ ids(":…") is ids("…letter:…") for every text.
  bool splits_before_colon() const;

  /// "llama3", "smollm2" or "gpt2": the pre-tokenizer's family.
  std::string_view kind() const;

  struct Parts;

 private:
  explicit Tokenizer(std::shared_ptr<const Parts> parts);
  std::shared_ptr<const Parts> parts_;
};

/// What one call of encode works in: merge buffers and a bounded cache of
/// pretokens. Reuse makes the next call faster and changes no result. One call
/// at a time; may be used with any tokenizer, in turn.
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
