#include "text/json.hpp"

namespace reranker::text {
namespace {

constexpr std::size_t kShownBytes = 80;

// The value as JSON, cut where it is long.
std::string shown(simdjson::dom::element value) {
  std::string text = simdjson::minify(value);
  if (text.size() <= kShownBytes) return text;
  std::size_t end = kShownBytes;
  while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

// Of nested values. Sequences of processors are read in as many calls, on a caller's stack.
constexpr std::size_t kMaxDepth = 64;

}  // namespace

Json Json::parse(const std::string& text, const std::string& file, simdjson::dom::parser& parser) {
  simdjson::dom::element root;
  simdjson::error_code error = parser.allocate(text.size(), kMaxDepth);
  if (error == simdjson::SUCCESS) error = parser.parse(text).get(root);
  if (error == simdjson::MEMALLOC) throw std::bad_alloc();
  if (error != simdjson::SUCCESS)
    throw Error(ErrorCode::model_invalid, file + " is not JSON: " + simdjson::error_message(error));
  return {root, file, ""};
}

std::string Json::member_path(std::string_view key) const {
  std::string path = path_;
  if (!path.empty()) path += '.';
  return path.append(key);
}

template <typename T>
T Json::get(std::string_view wanted) const {
  T result;
  if (value_.get(result) != simdjson::SUCCESS) invalid(wanted);
  return result;
}

std::string_view Json::string() const {
  return get<std::string_view>("a string");
}
bool Json::boolean() const {
  return get<bool>("true or false");
}
std::uint64_t Json::number() const {
  return get<std::uint64_t>("a whole number");
}
double Json::real() const {
  return get<double>("a number");
}
simdjson::dom::array Json::array() const {
  return get<simdjson::dom::array>("an array");
}
simdjson::dom::object Json::object() const {
  return get<simdjson::dom::object>("an object");
}

Json Json::operator[](std::string_view key) const {
  simdjson::dom::element member;
  if (object()[key].get(member) != simdjson::SUCCESS)
    throw Error(ErrorCode::model_invalid, file_ + ": " + member_path(key) + " is missing");
  return {member, file_, member_path(key)};
}

std::optional<Json> Json::find(std::string_view key) const {
  simdjson::dom::element member;
  if (object()[key].get(member) != simdjson::SUCCESS || member.is_null()) return std::nullopt;
  return Json{member, file_, member_path(key)};
}

bool Json::is_string() const {
  return value_.is_string();
}

bool Json::is_array() const {
  return value_.is_array();
}

bool Json::is(std::string_view text) const {
  std::string_view found;
  return value_.get(found) == simdjson::SUCCESS && found == text;
}

bool Json::flag(std::string_view key) const {
  const auto value = find(key);
  return value && value->boolean();
}

Json Json::element(simdjson::dom::element value, std::size_t index) const {
  return {value, file_, path_ + "[" + std::to_string(index) + "]"};
}

void Json::fail(ErrorCode code, std::string_view wanted) const {
  const std::string name = path_.empty() ? "the top" : path_;
  throw Error(code,
              file_ + ": " + name + " is " + shown(value_) + ", wanted " + std::string(wanted));
}

}  // namespace reranker::text
