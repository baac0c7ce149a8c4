#include <algorithm>
#include <string>
#include <string_view>

#include "text/tokenizer_file.hpp"

// transformers makes BERT's normalizer anew where tokenizer_config.json says otherwise than
// tokenizer.json (BertTokenizer.__init__), and leaves token types out that it does not name.

namespace reranker::text {
namespace {

void require_same(const Json& config, std::string_view key, const Json& normalizer,
                  std::string_view member, bool by_default) {
  const auto asked = config.find(key);
  const auto found = normalizer.find(member);
  const bool here = found ? found->boolean() : by_default;
  if (asked && asked->boolean() != here)
    asked->unsupported(std::string(here ? "true" : "false") + ", as tokenizer.json has \"" +
                       std::string(member) + "\"");
}

void require_same_normalizer(const Json& config, const Json& file) {
  const auto whole = file.find("normalizer");
  if (!whole) return;
  for (const Json& part : components(*whole, "normalizers")) {
    if (!part["type"].is("BertNormalizer")) continue;
    require_same(config, "do_lower_case", part, "lowercase", true);
    require_same(config, "strip_accents", part, "strip_accents", part.flag("lowercase"));
    require_same(config, "tokenize_chinese_chars", part, "handle_chinese_chars", true);
  }
}

void require_token_types(const Json& config) {
  const auto names = config.find("model_input_names");
  if (!names) return;
  const auto list = names->array();
  const bool named = std::any_of(list.begin(), list.end(), [](simdjson::dom::element name) {
    std::string_view text;
    return name.get(text) == simdjson::SUCCESS && text == "token_type_ids";
  });
  if (!named)
    names->unsupported(
        "\"token_type_ids\" among them, as tokenizer.json's pair template has types");
}

}  // namespace

void require_agreement(const Json& config, const Json& file, const Templates& templates) {
  require_same_normalizer(config, file);
  if (templates.pair && templates.pair->typed) require_token_types(config);
}

}  // namespace reranker::text
