#pragma once

#include <functional>
#include <istream>
#include <string_view>
#include <vector>

#include <simdjson.h>

using JsonObject = simdjson::dom::object;

/// Calls `answer` with the object of each line. What goes wrong, in the line or in `answer`, is
/// thrown on with the line's number; the lines before it have been answered. Fields that nobody
/// asks for are ignored. The object and its strings live until `answer` returns.
void for_each_json_line(std::istream& in, const std::function<void(const JsonObject&)>& answer);

bool has_field(const JsonObject& object, std::string_view key);

// The field `key`; these throw an input Failure that says what was found and what was wanted.
std::string_view string_field(const JsonObject& object, std::string_view key);
std::vector<std::string_view> strings_field(const JsonObject& object, std::string_view key);
std::vector<float> floats_field(const JsonObject& object, std::string_view key);
