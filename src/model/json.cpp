#include "model/json.hpp"

#include <new>
#include <utility>

#include <fmt/format.h>

#include <reranker/error.hpp>

#include "model/input_file.hpp"

namespace reranker::model {

namespace dom = simdjson::dom;

// A config.json has kilobytes, the index of a checkpoint megabytes.
constexpr std::uint64_t kMaxBytes = 100'000'000;

constexpr std::size_t kShownBytes = 80;

std::string shown(std::string text) {
  if (text.size() <= kShownBytes) return text;
  std::size_t end = kShownBytes;
  while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // no half character
  return text.substr(0, end) + "...";
}

std::string shown(dom::element value) {
  return shown(simdjson::minify(value));
}

JsonObject::JsonObject(dom::object object, std::string where)
    : object_(object), where_(std::move(where)) {}

std::optional<dom::element> JsonObject::find(std::string_view key) const {
  std::optional<dom::element> last;
  for (const auto& [name, value] : object_)
    if (name == key) last = value;
  return last && !last->is_null() ? last : std::nullopt;
}

void JsonObject::refuse(std::string_view key, dom::element found, std::string_view wanted) const {
  throw Error(ErrorCode::model_invalid,
              fmt::format("{}: \"{}\" is {}, {} wanted", where_, key, shown(found), wanted));
}

bool JsonObject::has(std::string_view key) const {
  return find(key).has_value();
}

template <typename Value>
std::optional<Value> JsonObject::get(std::string_view key, std::string_view wanted) const {
  const auto element = find(key);
  if (!element) return {};
  Value value{};
  if (element->get(value) != simdjson::SUCCESS) refuse(key, *element, wanted);
  return value;
}

std::optional<std::int64_t> JsonObject::integer(std::string_view key) const {
  return get<std::int64_t>(key, "an integer");
}

std::optional<double> JsonObject::number(std::string_view key) const {
  return get<double>(key, "a number");
}

std::optional<bool> JsonObject::boolean(std::string_view key) const {
  return get<bool>(key, "true or false");
}

std::optional<std::string> JsonObject::string(std::string_view key) const {
  const auto text = get<std::string_view>(key, "a string");
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

std::optional<JsonObject> JsonObject::object(std::string_view key) const {
  const auto object = get<dom::object>(key, "an object");
  if (!object) return {};
  return JsonObject(*object, fmt::format("{}: {}", where_, key));
}

std::optional<dom::array> JsonObject::array(std::string_view key) const {
  return get<dom::array>(key, "an array");
}

std::int64_t JsonObject::required(std::string_view key, std::int64_t low, std::int64_t high) const {
  const auto value = integer(key);
  if (!value)
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: \"{}\" is missing, an integer wanted", where_, key));
  if (*value < low || *value > high)
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: \"{}\" is {}, {} to {} wanted", where_, key, *value, low, high));
  return *value;
}

JsonFile::JsonFile(const std::filesystem::path& path) : where_(path.string()) {
  const InputFile file(path);
  if (file.size() > kMaxBytes)
    throw Error(ErrorCode::model_invalid, fmt::format("{}: {} bytes long, at most {} wanted",
                                                      where_, file.size(), kMaxBytes));
  parse(file.read_all());
}

JsonFile::JsonFile(std::string_view text, std::string where) : where_(std::move(where)) {
  parse(text);
}

namespace {

// Whether `word` stands outside of strings.
bool has_outside(std::string_view text, std::string_view word) {
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_string && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      in_string = !in_string;
    else if (!in_string && text.substr(i, word.size()) == word)
      return true;
  }
  return false;
}

// Python's json writes and reads what JSON has not: the parser says no more than that it fails.
std::string what_is_wrong(simdjson::error_code error, std::string_view text) {
  if (error == simdjson::BIGINT_ERROR)
    return "an integer beyond 64 bits found, smaller ones wanted";
  for (const auto* number : {"NaN", "Infinity"})
    if (has_outside(text, number)) return fmt::format("not JSON: {} found, numbers wanted", number);
  return fmt::format("not JSON: {}", simdjson::error_message(error));
}

}  // namespace

void JsonFile::parse(std::string_view text) {
  dom::element root;
  const auto error = parser_.parse(text.data(), text.size()).get(root);
  if (error == simdjson::MEMALLOC) throw std::bad_alloc();
  if (error != simdjson::SUCCESS)
    throw Error(ErrorCode::model_invalid, where_ + ": " + what_is_wrong(error, text));
  if (root.get(root_) != simdjson::SUCCESS)
    throw Error(ErrorCode::model_invalid, fmt::format("{}: a JSON object wanted", where_));
}

}  // namespace reranker::model
