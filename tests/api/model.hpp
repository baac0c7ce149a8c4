#pragma once

#include <cstdlib>
#include <string>
#include <vector>

#include <reranker/reranker.hpp>

inline reranker::Reranker load_as_given(const reranker::LoadOptions& options) {
  return reranker::Reranker::load(std::getenv("RERANKER_TINY_MODEL"), options);
}

/// On the CPU unless another device is asked for, whatever the machine has.
inline reranker::Reranker load_tiny(reranker::LoadOptions options = {}) {
  if (options.device == reranker::Device::automatic) options.device = reranker::Device::cpu;
  return load_as_given(options);
}

inline reranker::LoadOptions with_threads(std::size_t threads, std::size_t memory_limit = 0) {
  reranker::LoadOptions options;
  options.runtime = reranker::Runtime({threads, memory_limit});
  return options;
}

/// Loads with the kernels of that name; empty: the best that there are.
class Isa {
 public:
  explicit Isa(const std::string& name) {
    if (const char* before = std::getenv("RERANKER_ISA")) before_ = before;
    set(name);
  }
  ~Isa() { set(before_); }
  Isa(const Isa&) = delete;
  Isa& operator=(const Isa&) = delete;

 private:
  static void set(const std::string& name) { setenv("RERANKER_ISA", name.c_str(), 1); }
  std::string before_;
};

inline reranker::LoadOptions in(reranker::Precision precision, std::size_t threads = 1) {
  auto options = with_threads(threads);
  options.precision = precision;
  return options;
}

/// Passages of many lengths, the empty one first.
inline std::vector<std::string> many_passages() {
  std::vector<std::string> passages;
  for (const std::size_t words : {0, 1, 2, 3, 7, 19, 40, 80, 111, 3, 257, 1})
    for (std::size_t variant = 0; variant < 3; ++variant) {
      std::string text;
      for (std::size_t i = 0; i < words; ++i)
        text += "the bee " + std::to_string(i * variant) + " ";
      passages.push_back(text);
    }
  return passages;
}
