#include "json_out.hpp"

#include <cmath>
#include <iterator>

#include "display.hpp"

namespace {

// Escaped is also what some readers of lines take for the end of one.
void append_character(std::string& json, std::string_view bytes, char32_t code) {
  if (code == U'"' || code == U'\\') {
    json += '\\';
    json += bytes;
  } else if (code < 0x20 || code == 0x85 || code == 0x2028 || code == 0x2029) {
    fmt::format_to(std::back_inserter(json), "\\u{:04x}", static_cast<unsigned>(code));
  } else if (code == kReplacement) {
    json += "\xEF\xBF\xBD";
  } else {
    json += bytes;
  }
}

}  // namespace

void append_string(std::string& json, std::string_view text) {
  json += '"';
  while (!text.empty()) {
    const Character character = first_character(text);
    append_character(json, text.substr(0, character.bytes), character.code);
    text.remove_prefix(character.bytes);
  }
  json += '"';
}

void append_number(std::string& json, float number) {
  if (std::isfinite(number))
    fmt::format_to(std::back_inserter(json), "{}", number);
  else
    json += "null";
}

bool has_score(const reranker::Hit& hit) {
  using reranker::Status;
  return hit.status == Status::ok || hit.status == Status::truncated ||
         hit.status == Status::chunked;
}

void append_hit(std::string& json, const reranker::Hit& hit) {
  auto end = std::back_inserter(json);
  fmt::format_to(end, "\"index\":{},\"status\":\"{}\"", hit.index, reranker::name(hit.status));
  json += ",\"score\":";
  append_number(json, hit.score);
  json += ",\"logit\":";
  append_number(json, hit.logit);
  json += ",\"probability\":";
  append_number(json, hit.probability);
  fmt::format_to(end, ",\"tokens\":{},\"bytes_read\":{}", hit.tokens, hit.bytes_read);
  fmt::format_to(end, ",\"chunk\":[{},{}],\"query_truncated\":{}", hit.chunk_begin, hit.chunk_end,
                 hit.query_truncated);
}
