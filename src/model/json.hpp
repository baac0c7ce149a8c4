#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

namespace reranker::model {

/// The text, or as much of it as a message has room for.
std::string shown(std::string text);
/// The value as JSON, as much of it likewise.
std::string shown(simdjson::dom::element value);

/// A JSON object with the name of the file that it came from, so that every complaint about a
/// value names file, key, value found and value wanted (Error: model_invalid).
///
/// A view: the parser and the text behind it must outlive it. null counts as absent. Of a key that
/// is there twice the last counts, as in Python.
class JsonObject {
 public:
  JsonObject(simdjson::dom::object object, std::string where);

  bool has(std::string_view key) const;
  std::optional<std::int64_t> integer(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;
  std::optional<bool> boolean(std::string_view key) const;
  std::optional<std::string> string(std::string_view key) const;
  std::optional<JsonObject> object(std::string_view key) const;
  std::optional<simdjson::dom::array> array(std::string_view key) const;

  /// An integer from `low` to `high`; absent is an error.
  std::int64_t required(std::string_view key, std::int64_t low, std::int64_t high) const;

  simdjson::dom::object raw() const { return object_; }
  const std::string& where() const { return where_; }

 private:
  std::optional<simdjson::dom::element> find(std::string_view key) const;
  template <typename Value>
  std::optional<Value> get(std::string_view key, std::string_view wanted) const;
  [[noreturn]] void refuse(std::string_view key, simdjson::dom::element found,
                           std::string_view wanted) const;

  simdjson::dom::object object_;
  std::string where_;  // "path/config.json", "path/config.json: rope_scaling"
};

/// A file of one JSON object, held in memory. Throws Error: model_not_found, model_invalid.
class JsonFile {
 public:
  explicit JsonFile(const std::filesystem::path& path);
  JsonFile(std::string_view text, std::string where);

  JsonObject root() const { return {root_, where_}; }

 private:
  void parse(std::string_view text);

  std::string where_;
  simdjson::dom::parser parser_;
  simdjson::dom::object root_;
};

}  // namespace reranker::model
