#include "json_lines.hpp"

#include <cmath>
#include <string>

#include <fmt/format.h>
#include <reranker/error.hpp>

#include "display.hpp"
#include "failure.hpp"

namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

const char* kind(const element& value) {
  switch (value.type()) {
    case element_type::ARRAY: return "an array";
    case element_type::OBJECT: return "an object";
    case element_type::STRING: return "a string";
    case element_type::BOOL: return "a boolean";
    case element_type::NULL_VALUE: return "null";
    default: return "a number";
  }
}

template <typename Value>
Value get(const element& value, const std::string& name, const char* wanted) {
  Value result;
  if (value.get(result) != simdjson::SUCCESS)
    throw input_failure(fmt::format("{}: {} found, {} wanted", name, kind(value), wanted));
  return result;
}

float get_float(const element& value, const std::string& name) {
  const double number = get<double>(value, name, "a number");
  const auto narrowed = static_cast<float>(number);
  if (!std::isfinite(narrowed))
    throw input_failure(fmt::format("{}: {} found, a finite float wanted", name, number));
  return narrowed;
}

std::string element_name(std::string_view key, std::size_t i) {
  return fmt::format("\"{}\"[{}]", key, i);
}

element field(const JsonObject& object, std::string_view key, const char* wanted) {
  element value;
  if (object.at_key(key).get(value) != simdjson::SUCCESS)
    throw input_failure(fmt::format("no field \"{}\" found, {} wanted", key, wanted));
  return value;
}

simdjson::dom::array array_field(const JsonObject& object, std::string_view key,
                                 const char* wanted) {
  return get<simdjson::dom::array>(field(object, key, wanted), fmt::format("\"{}\"", key), wanted);
}

/// simdjson's name of the error, such as NUMBER_ERROR, without the prose behind it.
std::string_view reason(simdjson::error_code error) {
  const std::string_view message = simdjson::error_message(error);
  return message.substr(0, message.find(':'));
}

JsonObject parse(simdjson::dom::parser& parser, const std::string& line) {
  constexpr std::size_t kShownColumns = 80;
  constexpr const char* kWanted = "one JSON object";
  element value;
  const auto error = parser.parse(line).get(value);
  if (error == simdjson::EMPTY)
    throw input_failure(fmt::format("an empty line found, {} wanted", kWanted));
  if (error != simdjson::SUCCESS)
    throw input_failure(fmt::format("'{}' found, {} wanted ({})", one_line(line, kShownColumns),
                                    kWanted, reason(error)));
  return get<JsonObject>(value, "the line", kWanted);
}

}  // namespace

void for_each_json_line(std::istream& in, const std::function<void(const JsonObject&)>& answer) {
  simdjson::dom::parser parser;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    try {
      answer(parse(parser, line));
    } catch (const Failure& failure) {
      throw Failure(failure.status(), fmt::format("line {}: {}", number, failure.what()));
    } catch (const reranker::Error& error) {
      throw reranker::Error(error.code(), fmt::format("line {}: {}", number, error.what()));
    }
  }
  if (in.bad()) throw input_failure("the input cannot be read to its end");
}

bool has_field(const JsonObject& object, std::string_view key) {
  return object.at_key(key).error() == simdjson::SUCCESS;
}

std::string_view string_field(const JsonObject& object, std::string_view key) {
  constexpr const char* kWanted = "a string";
  return get<std::string_view>(field(object, key, kWanted), fmt::format("\"{}\"", key), kWanted);
}

std::vector<std::string_view> strings_field(const JsonObject& object, std::string_view key) {
  std::vector<std::string_view> strings;
  for (const element value : array_field(object, key, "an array of strings"))
    strings.push_back(get<std::string_view>(value, element_name(key, strings.size()), "a string"));
  return strings;
}

std::vector<float> floats_field(const JsonObject& object, std::string_view key) {
  std::vector<float> floats;
  for (const element value : array_field(object, key, "an array of numbers"))
    floats.push_back(get_float(value, element_name(key, floats.size())));
  return floats;
}
