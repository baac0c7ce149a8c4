#pragma once

#include <string>

namespace reranker::text {

struct Decoded {
  char32_t code_point;
  unsigned char bytes;
};

/// The character at `p`, in valid UTF-8.
inline Decoded decode(const char* p) {
  const auto byte = [p](int i) { return static_cast<char32_t>(static_cast<unsigned char>(p[i])); };
  const auto tail = [&](int i) { return byte(i) & 0x3F; };
  if (byte(0) < 0x80) return {byte(0), 1};
  if (byte(0) < 0xE0) return {(byte(0) & 0x1F) << 6 | tail(1), 2};
  if (byte(0) < 0xF0) return {(byte(0) & 0x0F) << 12 | tail(1) << 6 | tail(2), 3};
  return {(byte(0) & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), 4};
}

/// The start of the character that ends at `p`, in valid UTF-8.
inline const char* previous(const char* p) {
  do --p;
  while ((static_cast<unsigned char>(*p) & 0xC0) == 0x80);
  return p;
}

/// Appends the character as UTF-8. No surrogates.
inline void append_utf8(char32_t c, std::string& text) {
  if (c < 0x80) return text.push_back(static_cast<char>(c));
  const int tails = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  const char32_t lead = c < 0x800 ? 0xC0 : c < 0x10000 ? 0xE0 : 0xF0;
  text.push_back(static_cast<char>(lead | c >> 6 * tails));
  for (int i = tails - 1; i >= 0; --i)
    text.push_back(static_cast<char>(0x80 | (c >> 6 * i & 0x3F)));
}

}  // namespace reranker::text
