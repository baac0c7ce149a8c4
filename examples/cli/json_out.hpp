#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <reranker/result.hpp>

/// Appends `text` as a JSON string. What is not UTF-8 becomes U+FFFD, as the
/// library reads it.
void append_string(std::string& json, std::string_view text);

/// Appends the shortest digits that read back as the same number, or null for what JSON lacks:
/// for NaN, which an unscored hit has.
void append_number(std::string& json, float number);

template <typename Number>
void append_numbers(std::string& json, const std::vector<Number>& numbers) {
  json += fmt::format("[{}]", fmt::join(numbers, ","));
}

/// Whether the passage was scored; if not, its status says why.
bool has_score(const reranker::Hit& hit);

/// Appends what the library reports about one passage, as members of an object without braces.
void append_hit(std::string& json, const reranker::Hit& hit);
