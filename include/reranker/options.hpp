#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include <reranker/runtime.hpp>

namespace reranker {
inline namespace v2 {

enum class Device { automatic, cpu, cuda };

/// Arithmetic of the projections. Norms, softmax, pooling, head and logit are fp32 whatever
/// is chosen. `automatic` is fp32 on the CPU, and fp16 with sums in fp32 on CUDA.
/// The CPU computes in fp32, bf16 and int8, CUDA in fp32, bf16, fp16 and fp8 (e4m3).
enum class Precision { automatic, fp32, bf16, fp16, int8, fp8 };

/// What happens to a passage whose prompt does not fit the window of max_tokens.
enum class Overflow {
  automatic,  ///< What the folder says of long passages (Info::overflow); else truncate.
  truncate,   ///< The passage's tail is cut, never the prompt around it.
  chunk,      ///< Windows of the passage with a quarter overlap; the best one counts.
  fail,       ///< The passage is reported as too_long; `score` throws.
};

/// What the text of a special token, such as "<|eot_id|>", means inside a query or passage.
enum class SpecialTokens {
  match,  ///< The special token, as Hugging Face tokenizers read it.
  plain,  ///< Ordinary text: a passage cannot smuggle control tokens in.
};

enum class LogLevel { info, warning };

/// Called on the thread that loads the model or on one of the Runtime; must not throw.
using LogCallback = std::function<void(LogLevel, std::string_view message)>;

struct LoadOptions {
  /// `automatic`: CUDA where its engine, a driver and a device that it runs on are there, and it
  /// takes the model's shape and the precision; else the CPU, and `log` is told why. A device with
  /// too little free memory is no reason: out_of_memory.
  Device device = Device::automatic;

  /// Which of several CUDA devices, as the driver counts them. Counts for nothing on the CPU.
  int device_index = 0;

  Precision precision = Precision::automatic;

  /// The window: tokens of one sequence, prompt included. 0: the folder's
  /// max_position_embeddings, at most 8192. More than that is refused.
  std::size_t max_tokens = 0;

  /// Threads and memory to compute with. None: the process's own.
  std::optional<Runtime> runtime;

  /// Takes what the library and LibTorch would warn of. None: nothing is said.
  LogCallback log;
};

struct ScoreOptions {
  Overflow overflow = Overflow::automatic;

  /// The most windows that Overflow::chunk reads of one passage. Of more than that it reads the
  /// first and those that share most with the query; of one alone, that which shares most. Time
  /// grows with them: benchmarks/long_documents.md says what they bring.
  std::size_t max_chunks = 32;

  /// The window of Overflow::chunk: tokens of one sequence, prompt included. 0, or more than
  /// max_tokens: as many as those. A model that was trained on short texts may tell more from
  /// shorter windows. Neither this nor max_chunks counts under Overflow::automatic.
  std::size_t chunk_tokens = 0;

  SpecialTokens special_tokens = SpecialTokens::match;

  /// Upper bound on the tokens of one forward pass, over all its sequences; a longer sequence
  /// runs alone. Working memory grows with it, scores do not depend on it.
  std::size_t token_budget = 16384;

  /// Scores of the first stage (BM25, say), one a passage, or none. Used only when the folder
  /// carries a learned fusion (Info::fusion): the result is then the fused score.
  std::vector<float> first_stage;
};

struct RankOptions : ScoreOptions {
  /// The best hits that are wanted; 0 means all.
  std::size_t top_n = 0;
};

}  // namespace v2
}  // namespace reranker
