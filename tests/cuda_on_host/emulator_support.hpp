#pragma once

#include <string>

#include "cuda_on_host/emulator.hpp"
#include "kernels/cuda/launch.hpp"
#include "kernels/cuda/numbers.hpp"
#include "tests/cuda/device_array.hpp"
#include "tests/cuda/stored_numbers.hpp"

namespace reranker::kernels::cuda::test {

/// What a launch is caught at, or nothing.
template <class... Parameters, class... Arguments>
std::string fault_of(void (*kernel)(Parameters...), const Launch& shape,
                     const Arguments&... arguments) {
  Status status = kSuccess;
  try {
    status = launch(kernel, shape, nullptr, arguments...);
  } catch (const host::Violation& violation) {
    return violation.what();
  }
  REQUIRE(status == kSuccess);
  return {};
}

/// `text`, where it is said in `fault`; so that a test shows both.
inline std::string part_of(const std::string& fault, const std::string& text) {
  return fault.find(text) == std::string::npos ? fault : text;
}

/// Settings as they were, at the end of a test.
struct SettingsScope {
  host::Settings before = host::settings();
  ~SettingsScope() { host::settings() = before; }
};

/// (count) 16-bit numbers of that type, random.
template <class Number>
std::vector<std::uint16_t> random_words(int count, unsigned seed) {
  const Bytes bytes = store(random_numbers(count, seed), Number::kType);
  std::vector<std::uint16_t> words(static_cast<std::size_t>(count));
  std::memcpy(words.data(), bytes.data(), bytes.size());
  return words;
}

/// What they are.
template <class Number>
Numbers values_of(const std::vector<std::uint16_t>& words) {
  Bytes bytes(words.size() * 2);
  std::memcpy(bytes.data(), words.data(), bytes.size());
  return load(bytes, Number::kType);
}

}  // namespace reranker::kernels::cuda::test
