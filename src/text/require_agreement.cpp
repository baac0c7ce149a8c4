#include <algorithm>
#include <array>
#include <new>
#include <string>
#include <string_view>

#include <simdjson.h>

#include <reranker/error.hpp>

#include "text/tokenizer_file.hpp"

// What transformers does otherwise than tokenizer.json says where tokenizer_config.json asks for
// it: BERT's normalizer is made anew (BertTokenizerFast.__init__), token types are left out, tokens
// are added, and texts are cut on the other side.

namespace reranker::text {
namespace {

constexpr std::array<std::string_view, 10> kRead{
    "tokenizer_class",      "truncation_side",      "split_special_tokens",
    "do_lower_case",        "strip_accents",        "tokenize_chinese_chars",
    "model_input_names",    "added_tokens_decoder", "additional_special_tokens",
    "extra_special_tokens",
};

// The members above alone, as an object, the last first: of a key that comes twice Python takes the
// last, and who reads it here the first. On demand: the file commonly holds a model_max_length of
// 10^30, at which a whole parse would end.
std::string members_read(const NamedText& config) {
  const simdjson::padded_string text(config.text);
  simdjson::ondemand::parser parser;
  std::string members;
  const auto take = [&]() -> simdjson::error_code {
    simdjson::ondemand::document document;
    simdjson::ondemand::object all;
    if (const auto error = parser.iterate(text).get(document)) return error;
    if (const auto error = document.get_object().get(all)) return error;
    for (auto each : all) {
      simdjson::ondemand::field field;
      if (const auto error = std::move(each).get(field)) return error;
      std::string_view key, value;
      if (const auto error = field.unescaped_key().get(key)) return error;
      const bool wanted = std::find(kRead.begin(), kRead.end(), key) != kRead.end();
      const std::string name(key);
      if (const auto error = field.value().raw_json().get(value)) return error;
      if (!wanted) continue;
      const std::string behind = members.empty() ? "" : "," + members;
      members = "\"" + name + "\":" + std::string(value) + behind;
    }
    return document.at_end() ? simdjson::SUCCESS : simdjson::TRAILING_CONTENT;
  };
  const auto error = take();
  if (error == simdjson::MEMALLOC) throw std::bad_alloc();
  if (error)
    throw Error(ErrorCode::model_invalid,
                config.file + " is no JSON object: " + simdjson::error_message(error));
  return "{" + members + "}";
}

class Config {
 public:
  explicit Config(const NamedText& config)
      : file_(config.file), says_(Json::parse(members_read(config), config.file, parser_)) {}

  const Json& says() const { return says_; }

  std::string_view tokenizer_class() const {
    const auto name = says_.find("tokenizer_class");
    return name ? name->string() : std::string_view();
  }

  bool says_or(std::string_view key, bool otherwise) const {
    const auto value = says_.find(key);
    return value ? value->boolean() : otherwise;
  }

  // `asked` is what the key, or its default, comes to; `here` what tokenizer.json has as `member`.
  void require_same(std::string_view key, bool asked, bool here, std::string_view member) const {
    if (asked == here) return;
    unsupported(std::string(key) + " is " + word(asked) +
                (says_.find(key) ? "" : " where it is not said") + ", " + word(here) +
                " wanted, as tokenizer.json has \"" + std::string(member) + "\"");
  }

  [[noreturn]] void unsupported(const std::string& message) const {
    throw Error(ErrorCode::unsupported, file_ + ": " + message);
  }

 private:
  static const char* word(bool value) { return value ? "true" : "false"; }

  std::string file_;
  simdjson::dom::parser parser_;
  Json says_;
};

void require_plain_reading(const Config& config) {
  const auto side = config.says().find("truncation_side");
  if (side && !side->is("right")) side->unsupported("\"right\"");
  const auto split = config.says().find("split_special_tokens");
  if (split && split->boolean()) split->unsupported("false");
}

// `token` is a string, or an object with a "content".
void require_added(const Json& token, const std::vector<AddedToken>& added) {
  const std::string_view content = token.is_string() ? token.string() : token["content"].string();
  const bool here = std::any_of(added.begin(), added.end(),
                                [&](const AddedToken& one) { return one.content == content; });
  if (!here) token.unsupported("a token that is among tokenizer.json's added_tokens");
}

void require_no_other_tokens(const Config& config, const std::vector<AddedToken>& added) {
  if (const auto tokens = config.says().find("added_tokens_decoder"))
    for (const auto [id, token] : tokens->object()) require_added((*tokens)[id], added);
  for (const char* key : {"additional_special_tokens", "extra_special_tokens"}) {
    const auto tokens = config.says().find(key);
    if (!tokens || !tokens->is_array()) continue;  // an object of them names kinds
    std::size_t i = 0;
    for (const auto token : tokens->array()) require_added(tokens->element(token, i++), added);
  }
}

void require_same_normalizer(const Config& config, const Json& file) {
  const std::string_view name = config.tokenizer_class();
  const bool made_anew = name != "PreTrainedTokenizerFast" && name != "TokenizersBackend";
  if (!made_anew) return;
  const auto whole = file.find("normalizer");
  if (!whole)
    config.unsupported(
        "a tokenizer_class of \"PreTrainedTokenizerFast\" wanted, as tokenizer.json "
        "has no \"normalizer\"");
  const bool lowers = config.says_or("do_lower_case", true);
  const bool strips = config.says_or("strip_accents", lowers);
  const bool splits = config.says_or("tokenize_chinese_chars", true);
  for (const Json& part : components(*whole, "normalizers")) {
    if (!part["type"].is("BertNormalizer")) continue;
    const bool lowercase = part["lowercase"].boolean();
    const auto strip_accents = part.find("strip_accents");
    config.require_same("do_lower_case", lowers, lowercase, "lowercase");
    config.require_same("strip_accents", strips,
                        strip_accents ? strip_accents->boolean() : lowercase, "strip_accents");
    config.require_same("tokenize_chinese_chars", splits, part["handle_chinese_chars"].boolean(),
                        "handle_chinese_chars");
  }
}

void require_token_types(const Config& config) {
  constexpr const char* wanted =
      "\"token_type_ids\" in it, as tokenizer.json's pair template has types";
  if (const auto names = config.says().find("model_input_names")) {
    for (const auto name : names->array())
      if (names->element(name, 0).is("token_type_ids")) return;
    names->unsupported(wanted);
  }
  const auto of = config.says().find("tokenizer_class");
  if (of && of->string().substr(0, 10) == "DistilBert")
    of->unsupported("\"model_input_names\" beside it, with \"token_type_ids\"");
}

}  // namespace

void require_agreement(const NamedText& text, const Json& file,
                       const std::vector<AddedToken>& added, const Templates& templates) {
  const Config config(text);
  require_plain_reading(config);
  require_no_other_tokens(config, added);
  if (!is_word_piece(file)) return;  // Llama's template has types, too, which nothing reads
  require_same_normalizer(config, file);
  if (templates.pair && templates.pair->typed) require_token_types(config);
}

}  // namespace reranker::text
