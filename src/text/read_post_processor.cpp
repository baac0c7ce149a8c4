#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "text/tokenizer_file.hpp"

namespace reranker::text {
namespace {

TokenId checked_id(const Json& id, std::size_t vocabulary_size) {
  if (id.number() >= vocabulary_size) id.invalid("an id below " + std::to_string(vocabulary_size));
  return static_cast<TokenId>(id.number());
}

std::vector<TokenId> special_ids(const Json& processor, std::string_view name,
                                 std::size_t vocabulary_size) {
  const Json list = processor["special_tokens"][name]["ids"];
  std::vector<TokenId> ids;
  for (const auto element : list.array())
    ids.push_back(checked_id(list.element(element, ids.size()), vocabulary_size));
  return ids;
}

// A part of a template: special tokens, or the place of a text.
struct Part {
  std::string_view text;  // "A" or "B"; empty: special tokens
  std::vector<TokenId> ids;
  std::uint64_t type;
};

std::vector<Part> read_parts(const Json& processor, std::string_view name,
                             std::size_t vocabulary_size) {
  const Json list = processor[name];
  std::vector<Part> parts;
  for (const auto element : list.array()) {
    const Json item = list.element(element, parts.size());
    if (const auto special = item.find("SpecialToken")) {
      auto ids = special_ids(processor, (*special)["id"].string(), vocabulary_size);
      parts.push_back({"", std::move(ids), (*special)["type_id"].number()});
    } else {
      const Json text = item["Sequence"];
      parts.push_back({text["id"].string(), {}, text["type_id"].number()});
    }
  }
  return parts;
}

void append(std::vector<TokenId>& ids, const Part& part) {
  ids.insert(ids.end(), part.ids.begin(), part.ids.end());
}

// Special tokens around one text A.
Templates read_single(const Json& processor, std::size_t vocabulary_size) {
  const std::vector<Part> parts = read_parts(processor, "single", vocabulary_size);
  const Json single = processor["single"];
  Templates around;
  bool seen = false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].text.empty()) {
      append(seen ? around.suffix : around.prefix, parts[i]);
    } else {
      if (seen || parts[i].text != "A")
        single.element(single.array().at(i), i).unsupported("one sequence, A");
      seen = true;
    }
  }
  if (!seen) single.invalid("a template that holds the sequence A");
  return around;
}

std::optional<PairTemplate> read_pair(const std::vector<Part>& parts) {
  PairTemplate pair;
  std::vector<TokenId>* side = &pair.begin;
  for (const Part& part : parts) {
    if (part.text == "A" && side == &pair.begin) {
      side = &pair.middle;
    } else if (part.text == "B" && side == &pair.middle) {
      side = &pair.end;
      pair.typed = part.type == 1;
    } else if (!part.text.empty()) {
      return std::nullopt;
    }
    append(*side, part);
    if (part.type != (side == &pair.end && pair.typed ? 1 : 0)) return std::nullopt;
  }
  // Without special tokens two empty texts would be a sequence of no token.
  const bool is_bare = pair.begin.empty() && pair.middle.empty() && pair.end.empty();
  return side == &pair.end && !is_bare ? std::optional(pair) : std::nullopt;
}

Templates read_template(const Json& processor, std::size_t vocabulary_size) {
  Templates around = read_single(processor, vocabulary_size);
  around.pair = read_pair(read_parts(processor, "pair", vocabulary_size));
  return around;
}

// ["[SEP]", 102]
TokenId read_id(const Json& token, std::size_t vocabulary_size) {
  simdjson::dom::element id;
  if (token.array().at(1).get(id) != simdjson::SUCCESS) token.invalid("a token and its id");
  return checked_id(token.element(id, 1), vocabulary_size);
}

Templates read_bert_processing(const Json& processor, std::size_t vocabulary_size) {
  const TokenId cls = read_id(processor["cls"], vocabulary_size);
  const TokenId sep = read_id(processor["sep"], vocabulary_size);
  return {{cls}, {sep}, PairTemplate{{cls}, {sep}, {sep}, /*typed=*/true}};
}

// A second processor that adds tokens would add them to each piece of what the first made.
void read_processor(const Json& processor, std::size_t vocabulary_size,
                    std::optional<Templates>& around) {
  const Json type = processor["type"];
  if (type.is("ByteLevel")) return;  // it moves offsets only
  if (type.is("Sequence")) {
    const Json list = processor["processors"];
    std::size_t i = 0;
    for (const auto element : list.array())
      read_processor(list.element(element, i++), vocabulary_size, around);
  } else if (around) {
    type.unsupported("one processor that adds tokens");
  } else if (type.is("TemplateProcessing")) {
    around = read_template(processor, vocabulary_size);
  } else if (type.is("BertProcessing")) {
    around = read_bert_processing(processor, vocabulary_size);
  } else {
    type.unsupported("ByteLevel, TemplateProcessing, BertProcessing or Sequence");
  }
}

}  // namespace

// Without a template there is no pair: two empty texts would be a sequence of no token.
Templates read_post_processor(const Json& file, std::size_t vocabulary_size) {
  std::optional<Templates> around;
  if (const auto processor = file.find("post_processor"))
    read_processor(*processor, vocabulary_size, around);
  return around.value_or(Templates{});
}

}  // namespace reranker::text
