#include "text/tokenizer_file.hpp"

namespace reranker::text {
namespace {

std::vector<TokenId> special_ids(const Json& processor, std::string_view name,
                                 std::size_t vocabulary_size) {
  const Json list = processor["special_tokens"][name]["ids"];
  std::vector<TokenId> ids;
  for (const auto element : list.array()) {
    const Json id = list.element(element, ids.size());
    if (id.number() >= vocabulary_size)
      id.invalid("an id below " + std::to_string(vocabulary_size));
    ids.push_back(static_cast<TokenId>(id.number()));
  }
  return ids;
}

// The template of one processor: special tokens around one sequence A.
Template read_template(const Json& processor, std::size_t vocabulary_size) {
  const Json single = processor["single"];
  Template around;
  bool seen = false;
  std::size_t i = 0;
  for (const auto element : single.array()) {
    const Json item = single.element(element, i++);
    if (const auto special = item.find("SpecialToken")) {
      std::vector<TokenId>& side = seen ? around.suffix : around.prefix;
      const auto ids = special_ids(processor, (*special)["id"].string(), vocabulary_size);
      side.insert(side.end(), ids.begin(), ids.end());
    } else {
      if (seen || !item["Sequence"]["id"].is("A")) item.unsupported("one sequence, A");
      seen = true;
    }
  }
  if (!seen) single.invalid("a template that holds the sequence A");
  return around;
}

void read_processor(const Json& processor, std::size_t vocabulary_size, Template& around) {
  const Json type = processor["type"];
  if (type.is("ByteLevel")) return;  // it moves offsets only
  if (type.is("Sequence")) {
    const Json list = processor["processors"];
    std::size_t i = 0;
    for (const auto element : list.array())
      read_processor(list.element(element, i++), vocabulary_size, around);
    return;
  }
  if (!type.is("TemplateProcessing")) type.unsupported("ByteLevel, TemplateProcessing or Sequence");
  Template outer = read_template(processor, vocabulary_size);
  outer.prefix.insert(outer.prefix.end(), around.prefix.begin(), around.prefix.end());
  outer.suffix.insert(outer.suffix.begin(), around.suffix.begin(), around.suffix.end());
  around = std::move(outer);
}

}  // namespace

Template read_post_processor(const Json& file, std::size_t vocabulary_size) {
  Template around;
  if (const auto processor = file.find("post_processor"))
    read_processor(*processor, vocabulary_size, around);
  return around;
}

}  // namespace reranker::text
