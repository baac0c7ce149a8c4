#include <cstdlib>
#include <sstream>
#include <string>

#include "cuda_on_host/emulator.hpp"

namespace reranker::kernels::cuda::host {

namespace {

void set(Settings& all, const std::string& name, long long value) {
  if (name == "seed")
    all.seed = static_cast<std::uint64_t>(value);
  else if (name == "num_devices")
    all.num_devices = static_cast<int>(value);
  else if (name == "capability")
    all.capability = static_cast<int>(value);
  else if (name == "multiprocessors")
    all.multiprocessors = static_cast<int>(value);
  else if (name == "memory_bytes")
    all.memory_bytes = static_cast<std::size_t>(value);
  else if (name == "largest_block")
    all.largest_block = static_cast<std::size_t>(value);
  else if (name == "late")
    all.late = value != 0;
  else if (name == "failing_launch")
    all.failing_launch = static_cast<int>(value);
  else if (name == "failing_graphs")
    all.failing_graphs = static_cast<int>(value);
  else
    throw Violation("RERANKER_CUDA_ON_HOST knows no setting " + name);
}

Settings of_environment() {
  Settings all;
  const char* text = std::getenv("RERANKER_CUDA_ON_HOST");
  std::istringstream words(text != nullptr ? text : "");
  for (std::string word; words >> word;) {
    const auto equals = word.find('=');
    if (equals == std::string::npos) throw Violation("RERANKER_CUDA_ON_HOST has " + word);
    set(all, word.substr(0, equals), std::stoll(word.substr(equals + 1)));
  }
  return all;
}

}  // namespace

Settings& settings() {
  static Settings all = of_environment();
  return all;
}

}  // namespace reranker::kernels::cuda::host
