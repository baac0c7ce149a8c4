#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace reranker::text {

// Steele and Vigna 2022, "Computationally easy, spectrally good multipliers": 64-bit MCG.
constexpr std::uint64_t kMultiplier = 0xF1357AEA2E62A9C5;

inline std::uint64_t mix(std::uint64_t h) {
  h *= kMultiplier;
  return h ^ h >> 32;
}

template <typename Word>
std::uint64_t load(const char* p) {
  Word word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

// All of 1 to 8 bytes: loads of a fixed size may overlap.
inline std::uint64_t load_up_to_8(const char* p, std::size_t bytes) {
  if (bytes >= 4) return load<std::uint32_t>(p) << 32 | load<std::uint32_t>(p + bytes - 4);
  const auto byte = [p](std::size_t i) { return load<std::uint8_t>(p + i); };
  return byte(0) << 16 | byte(bytes / 2) << 8 | byte(bytes - 1);
}

inline std::uint64_t hash_bytes(std::string_view text) {
  if (text.empty()) return 0;
  std::uint64_t h = text.size();
  const char* p = text.data();
  std::size_t left = text.size();
  for (; left > 8; p += 8, left -= 8) h = mix(h ^ load<std::uint64_t>(p));
  return mix(mix(h ^ load_up_to_8(p, left)));
}

inline std::uint64_t hash_pair(std::int32_t left, std::int32_t right) {
  return mix(std::uint64_t(std::uint32_t(left)) << 32 | std::uint32_t(right));
}

/// The least power of two that `n` keys fill to three quarters or less: slots of their table.
inline std::size_t table_slots(std::size_t n) {
  std::size_t slots = 16;
  while (slots / 4 * 3 < n) slots *= 2;
  return slots;
}

}  // namespace reranker::text
