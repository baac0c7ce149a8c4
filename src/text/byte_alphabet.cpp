#include "text/byte_alphabet.hpp"

#include <array>
#include <cstdint>

#include "text/decode.hpp"

namespace reranker::text {
namespace {

constexpr bool spells_itself(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

// 188 bytes spell themselves, the other 68 take the code points from 256 on.
constexpr std::size_t kCodePoints = 256 + 68;

// Code point to byte, -1 outside the alphabet.
constexpr std::array<std::int16_t, kCodePoints> make_table() {
  std::array<std::int16_t, kCodePoints> table{};
  for (auto& byte : table) byte = -1;
  unsigned next = 256;
  for (unsigned byte = 0; byte < 256; ++byte)
    table[spells_itself(byte) ? byte : next++] = static_cast<std::int16_t>(byte);
  return table;
}

constexpr auto kTable = make_table();

}  // namespace

bool append_spelled_bytes(std::string_view text, std::string& bytes) {
  const std::size_t before = bytes.size();
  for (std::size_t at = 0; at < text.size();) {
    const Decoded c = decode(text.data() + at);
    if (c.code_point >= kCodePoints || kTable[c.code_point] < 0) {
      bytes.resize(before);
      return false;
    }
    bytes.push_back(static_cast<char>(kTable[c.code_point]));
    at += c.bytes;
  }
  return true;
}

}  // namespace reranker::text
