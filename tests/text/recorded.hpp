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

inline std::vector<Case> cases(const std::string& name) {
  std::vector<Case> result;
  std::ifstream file(path(name + ".expected.jsonl"));
  simdjson::dom::parser parser;
  for (std::string line; std::getline(file, line);) {
    const simdjson::dom::element entry = parser.parse(line);
    Case c{std::string(entry["text"].get_string().value()),
           ids(entry["ids"]),
           ids(entry["plain"]),
           {}};
    for (const auto end : entry["ends"].get_array())
      c.ends.emplace_back(uint64_t(end.at(0)), uint64_t(end.at(1)));
    result.push_back(std::move(c));
  }
  return result;
}

}  // namespace recorded
