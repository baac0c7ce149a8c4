#pragma once

#include <string_view>

#include "text/code_point_classes.hpp"

namespace reranker::text {

/// The two regexes that we know, each matched by a scanner written for it.
enum class Pattern {
  gpt2,
  llama3,
};

// As tokenizer.json spells them.
constexpr std::string_view kGpt2Regex =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr std::string_view kLlama3Regex =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

/// Cuts text into pretokens. Where one ends depends on the text from its start alone, so the
/// next is found from where this one ended, with nothing remembered.
class Pretokenizer {
 public:
  Pretokenizer(Pattern pattern, ClassSource source)
      : pattern_(pattern), classes_(make_class_table(source)) {}

  /// The end of the pretoken at the start of `text`, which is valid UTF-8 and not empty.
  const char* first_end(std::string_view text) const;

 private:
  Pattern pattern_;
  ClassTable classes_;
};

}  // namespace reranker::text
