#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

#include <reranker/error.hpp>

#include "text/tokenizer_file.hpp"

// transformers makes BERT's normalizer anew where tokenizer_config.json says otherwise than
// tokenizer.json (BertTokenizer.__init__), and leaves token types out that it does not name.
//
// Read on demand, key by key: the file commonly holds a model_max_length of 10^30, at which a
// whole parse would end.

namespace reranker::text {
namespace {

namespace ondemand = simdjson::ondemand;

class Config {
 public:
  explicit Config(const NamedText& config) : file_(config.file), text_(config.text) {
    if (parser_.iterate(text_).get(document_) != simdjson::SUCCESS)
      fail(ErrorCode::model_invalid, "not JSON");
  }

  // Refuses a key that is there and is not `here`, what tokenizer.json has as `member`.
  void require_same(std::string_view key, bool here, std::string_view member) {
    ondemand::value value;
    bool asked = false;
    if (document_.find_field_unordered(key).get(value) != simdjson::SUCCESS || value.is_null())
      return;
    if (value.get_bool().get(asked) != simdjson::SUCCESS)
      fail(ErrorCode::model_invalid, std::string(key) + " is no boolean, true or false wanted");
    if (asked != here)
      fail(ErrorCode::unsupported, std::string(key) + " is " + word(asked) + ", " + word(here) +
                                       " wanted, as tokenizer.json has \"" + std::string(member) +
                                       "\"");
  }

  void require_token_types() {
    ondemand::array names;
    if (document_.find_field_unordered("model_input_names").get_array().get(names) !=
        simdjson::SUCCESS)
      return;
    for (auto name : names) {
      std::string_view text;
      if (name.get_string().get(text) == simdjson::SUCCESS && text == "token_type_ids") return;
    }
    fail(ErrorCode::unsupported,
         "model_input_names is without \"token_type_ids\", which tokenizer.json's pair "
         "template has");
  }

 private:
  static const char* word(bool value) { return value ? "true" : "false"; }

  [[noreturn]] void fail(ErrorCode code, const std::string& message) const {
    throw Error(code, file_ + ": " + message);
  }

  const std::string& file_;
  simdjson::padded_string text_;
  ondemand::parser parser_;
  ondemand::document document_;
};

void require_same_normalizer(Config& config, const Json& file) {
  const auto whole = file.find("normalizer");
  if (!whole) return;
  for (const Json& part : components(*whole, "normalizers")) {
    if (!part["type"].is("BertNormalizer")) continue;
    const bool lowercase = part["lowercase"].boolean();
    const auto strip_accents = part.find("strip_accents");
    config.require_same("do_lower_case", lowercase, "lowercase");
    config.require_same("strip_accents", strip_accents ? strip_accents->boolean() : lowercase,
                        "strip_accents");
    config.require_same("tokenize_chinese_chars", part["handle_chinese_chars"].boolean(),
                        "handle_chinese_chars");
  }
}

}  // namespace

void require_agreement(const NamedText& config, const Json& file, const Templates& templates) {
  const auto type = file["model"].find("type");
  if (!type || !type->is("WordPiece"))
    return;  // Llama's template has types, too, which nothing reads
  Config beside(config);
  require_same_normalizer(beside, file);
  if (templates.pair && templates.pair->typed) beside.require_token_types();
}

}  // namespace reranker::text
