#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <simdjson.h>

#include "text/tokenizer.hpp"

namespace recorded {

using reranker::text::TokenId;

/// A text and what Hugging Face made of it: tests/oracle/tokenizer/record_small.py.
struct Case {
  std::string text;
  std::vector<TokenId> ids, plain;
  std::vector<std::pair<std::size_t, std::size_t>> ends;  // byte, token; of pretokens with tokens
};

inline std::filesystem::path path(const std::string& file) {
  return std::filesystem::path(TEXT_TEST_DATA) / file;
}

inline std::vector<TokenId> ids(simdjson::dom::element list) {
  std::vector<TokenId> result;
  for (const auto id : list.get_array()) result.push_back(static_cast<TokenId>(int64_t(id)));
  return result;
}

/// Calls visit(entry) for each line of JSON.
template <typename Visit>
void for_each_line(const std::string& file_name, Visit&& visit) {
  std::ifstream file(path(file_name));
  simdjson::dom::parser parser;
  for (std::string line; std::getline(file, line);) visit(parser.parse(line).value());
}

inline std::string text(simdjson::dom::element value) {
  return std::string(value.get_string().value());
}

inline std::vector<Case> cases(const std::string& name) {
  std::vector<Case> result;
  for_each_line(name + ".expected.jsonl", [&](simdjson::dom::element entry) {
    Case c{text(entry["text"]), ids(entry["ids"]), ids(entry["plain"]), {}};
    for (const auto end : entry["ends"].get_array())
      c.ends.emplace_back(uint64_t(end.at(0)), uint64_t(end.at(1)));
    result.push_back(std::move(c));
  });
  return result;
}

/// Two texts and what Hugging Face made of them as a pair.
struct Pair {
  std::string first, second;
  std::vector<TokenId> ids;
  std::size_t type_1;  // ids at the end, of token type 1
};

inline std::vector<Pair> pairs(const std::string& name) {
  std::vector<Pair> result;
  for_each_line(name + ".pairs.jsonl", [&](simdjson::dom::element entry) {
    result.push_back({text(entry["first"]), text(entry["second"]), ids(entry["ids"]),
                      uint64_t(entry["type_1"])});
  });
  return result;
}

inline reranker::text::Tokenizer tokenizer(const std::string& name) {
  return reranker::text::Tokenizer::load(path(name + ".json"));
}

}  // namespace recorded
