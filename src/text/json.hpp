#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <simdjson.h>

#include <reranker/error.hpp>

namespace reranker::text {

/// A value inside a JSON file that knows where it stands, for messages such as
/// "tokenizer.json: model.type is "WordPiece", wanted "BPE"".
class Json {
 public:
  /// The whole of `text`, which was read from `file`; model_invalid if that is no JSON. Lives as
  /// long as the parser, and until it parses again.
  static Json parse(const std::string& text, const std::string& file,
                    simdjson::dom::parser& parser);

  /// The member; model_invalid if there is none.
  Json operator[](std::string_view key) const;

  /// The member, unless it is missing or null.
  std::optional<Json> find(std::string_view key) const;

  /// What the value is; model_invalid if it is something else.
  std::string_view string() const;
  bool boolean() const;
  std::uint64_t number() const;
  double real() const;
  simdjson::dom::array array() const;
  simdjson::dom::object object() const;

  bool is_string() const;
  bool is_array() const;

  /// Whether it is this string.
  bool is(std::string_view text) const;

  /// The member, a boolean; false if it is missing or null.
  bool flag(std::string_view key) const;

  /// An element of array().
  Json element(simdjson::dom::element value, std::size_t index) const;

  [[noreturn]] void fail(ErrorCode code, std::string_view wanted) const;
  [[noreturn]] void invalid(std::string_view wanted) const {
    fail(ErrorCode::model_invalid, wanted);
  }
  [[noreturn]] void unsupported(std::string_view wanted) const {
    fail(ErrorCode::unsupported, wanted);
  }

 private:
  Json(simdjson::dom::element value, std::string file, std::string path)
      : value_(value), file_(std::move(file)), path_(std::move(path)) {}

  std::string member_path(std::string_view key) const;

  template <typename T>
  T get(std::string_view wanted) const;

  simdjson::dom::element value_;
  std::string file_;
  std::string path_;  // such as model.merges[3]; empty at the top
};

}  // namespace reranker::text
