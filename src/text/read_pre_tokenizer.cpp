#include "text/tokenizer_file.hpp"

namespace reranker::text {
namespace {

constexpr std::string_view kWanted =
    "ByteLevel, or a Sequence of Split and ByteLevel (Llama 3) or of Digits and ByteLevel "
    "(SmolLM2)";

void require(const Json& component, std::string_view key, bool wanted) {
  const Json value = component[key];
  if (value.boolean() != wanted) value.unsupported(wanted ? "true" : "false");
}

bool uses_regex(const Json& byte_level) {
  const auto value = byte_level.find("use_regex");
  return !value || value->boolean();
}

Pattern split_pattern(const Json& split) {
  if (!split["behavior"].is("Isolated")) split["behavior"].unsupported("\"Isolated\"");
  require(split, "invert", false);
  const Json regex = split["pattern"];
  const auto text = regex.find("Regex");
  if (text && text->is(kLlama3Regex)) return Pattern::llama3;
  if (text && text->is(kGpt2Regex)) return Pattern::gpt2;
  regex.unsupported("the regex of Llama 3 or of GPT-2");
}

PretokenizerSettings read_alone(const Json& byte_level) {
  if (!uses_regex(byte_level))
    byte_level.unsupported("\"use_regex\": true where nothing splits before");
  return {"gpt2", Pattern::gpt2, ClassSource::byte_level, byte_level["add_prefix_space"].boolean()};
}

PretokenizerSettings read_pair(const Json& first, const Json& byte_level) {
  require(byte_level, "add_prefix_space", false);
  if (first["type"].is("Digits")) {
    require(first, "individual_digits", true);
    if (!uses_regex(byte_level)) byte_level.unsupported("\"use_regex\": true behind Digits");
    return {"smollm2", Pattern::gpt2, ClassSource::digits_byte_level};
  }
  if (!first["type"].is("Split")) first.unsupported("Split or Digits");
  if (uses_regex(byte_level)) byte_level.unsupported("\"use_regex\": false behind Split");
  const Pattern pattern = split_pattern(first);
  return {pattern == Pattern::llama3 ? "llama3" : "gpt2", pattern, ClassSource::split};
}

}  // namespace

PretokenizerSettings read_pre_tokenizer(const Json& file) {
  const Json whole = file["pre_tokenizer"];
  if (!file.find("pre_tokenizer")) whole.unsupported(kWanted);
  const std::vector<Json> parts = components(whole, "pretokenizers");
  if (parts.empty() || parts.size() > 2) whole.unsupported(kWanted);
  if (!parts.back()["type"].is("ByteLevel")) parts.back().unsupported(kWanted);
  if (parts.size() == 1) return read_alone(parts[0]);
  return read_pair(parts[0], parts[1]);
}

void check_normalizer(const Json& file) {
  const auto normalizer = file.find("normalizer");
  if (!normalizer) return;
  const bool empty = components(*normalizer, "normalizers").empty();
  if (!empty) normalizer->unsupported("null");
}

}  // namespace reranker::text
