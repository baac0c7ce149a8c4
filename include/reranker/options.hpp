#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <reranker/runtime.hpp>

namespace reranker {
inline namespace v4 {

enum class Device { automatic, cpu, cuda };

/// Arithmetic of the projections. Norms, softmax, pooling, head and logit are fp32 whatever
/// is chosen, and attention's products fp32, or on CUDA and with AVX512-BF16 the products' type
/// (Info::attention). `automatic` is fp32 on the CPU, and fp16 with sums in fp32 on CUDA.
/// The CPU computes in fp32, int8 and, with AVX512-BF16, bf16; CUDA in fp32, bf16, fp16 and fp8
/// (e4m3). Another is `unsupported`; where the device may be chosen, it is chosen to suit. The
/// CPU's kernels are the best that the processor runs; the environment variable RERANKER_ISA, read
/// by load, names others ("generic", "avx2", "avx2_vnni", "avx512", "avx512_vnni", "avx512_bf16",
/// "amx"). For int8 and bf16 the system is asked for AMX's tiles where the processor has them: that
/// is for the whole process, whose signal handlers then need larger stacks of their own
/// (sigaltstack).
enum class Precision { automatic, fp32, bf16, fp16, int8, fp8 };

/// What happens to a passage whose prompt does not fit the window of max_tokens.
enum class Overflow {
  automatic,  ///< What the folder says of long passages (Info::overflow); else truncate.
  truncate,   ///< The passage's tail is cut, never the prompt around it.
  chunk,      ///< Parts of the passage that overlap by a quarter; the best one counts.
  fail,       ///< The passage is reported as too_long; `score` throws.
};

/// What the text of a special token, such as "<|eot_id|>", means inside a query or passage.
enum class SpecialTokens {
  match,  ///< The special token, as Hugging Face tokenizers read it.
  plain,  ///< Ordinary text: a passage cannot smuggle control tokens in.
};

enum class LogLevel { info, warning };

/// Called on the thread that loads the model or on one of the Runtime; must not throw, nor call the
/// library.
using LogCallback = std::function<void(LogLevel, std::string_view message)>;

struct LoadOptions {
  /// `automatic`: CUDA where its engine, a driver and a device that it runs on are there, and it
  /// takes the model's shape and the precision; else the CPU, and `log` is told why. Too little
  /// free memory on the device is not such a reason: load throws out_of_memory.
  Device device = Device::automatic;

  /// Which of several CUDA devices, as the driver counts them. Counts for nothing on the CPU.
  ///
  /// Short passes whose shape comes again are recorded, on a stream of the library's. Meanwhile
  /// CUDA may refuse a host what waits for the whole device, such as cudaDeviceSynchronize, with
  /// cudaErrorStreamCaptureUnsupported: wait for streams of your own. In a fork of a process that
  /// has used CUDA no device works: `automatic` is the CPU there, and `log` is told.
  int device_index = 0;

  Precision precision = Precision::automatic;

  /// The window: tokens of one sequence, prompt included. 0: the folder's
  /// max_position_embeddings, at most 8192. More than that, or less than twice the prompt of two
  /// empty texts: invalid_argument.
  std::size_t max_tokens = 0;

  /// Threads and memory to compute with. None: the process's own. Calls of other models on it wait
  /// while this one is loaded: to keep serving, load into a Runtime of its own.
  std::optional<Runtime> runtime;

  /// Takes messages: what was loaded and why not on CUDA (info), and what the library and LibTorch
  /// warn of (warning). Kept and called as long as the model lives. None: nothing is said.
  LogCallback log;
};

/// Ends calls from any thread: each that was given a copy of the token throws `cancelled` when it
/// looks next (ScoreOptions::cancel). It stays cancelled: a new call wants a new token.
class CancelToken {
 public:
  CancelToken() : cancelled_(std::make_shared<std::atomic<bool>>(false)) {}
  CancelToken(const CancelToken&) = default;  // what was moved from can still be cancelled
  CancelToken& operator=(const CancelToken&) = default;

  void cancel() const noexcept { *cancelled_ = true; }
  bool cancelled() const noexcept { return *cancelled_; }

 private:
  std::shared_ptr<std::atomic<bool>> cancelled_;
};

/// Told of a call's passages: how many are done, and how many there are. Called after each forward
/// pass, on a thread of the Runtime (1 MiB of stack), for one pass at a time: it should be quick,
/// and must not call the library nor wait for what one of its callers holds. With CUDA that
/// thread's current device is the model's: name yours before you use one. What it throws ends the
/// call and is thrown by it, unless on CUDA a deadline or cancel is seen first.
using ProgressCallback = std::function<void(std::size_t done, std::size_t passages)>;

/// Values that are refused are so (invalid_argument) whether the call would use them or not.
struct ScoreOptions {
  Overflow overflow = Overflow::automatic;

  /// The most chunks that Overflow::chunk reads of one passage, at least 1. Where there are more it
  /// reads the first and those that share most with the query; where this is 1, only the one that
  /// shares most. Time grows with them.
  std::size_t max_chunks = 32;

  /// Tokens of one chunk's sequence, prompt included. 0, or more than max_tokens: max_tokens. Less
  /// than twice the prompt of two empty texts is refused. A model that was trained on short texts
  /// may tell more from shorter chunks. Neither this nor max_chunks changes what
  /// Overflow::automatic reads.
  std::size_t chunk_tokens = 0;

  SpecialTokens special_tokens = SpecialTokens::match;

  /// Upper bound on the tokens of one forward pass, over all its sequences, at least 1; a longer
  /// sequence runs alone. Working memory grows with it, scores do not depend on it. On the CPU more
  /// than 2048 are as 2048: larger passes gain nothing there.
  std::size_t token_budget = 16384;

  /// When the scores are of no more use: a call that has more to do by then throws
  /// deadline_exceeded. While it waits for the threads it is woken. While it tokenises it looks
  /// between passages and between a passage's chunks, and while it computes between the tasks of an
  /// operator: milliseconds for a small model, a tenth of a second for one of 1B. On CUDA it looks
  /// between passes. Other calls go on, and so does the model. A submitted call looks when its turn
  /// comes to begin.
  std::optional<std::chrono::steady_clock::time_point> deadline;

  /// Looked at where the deadline is, but waiting for the threads only when its turn comes.
  std::optional<CancelToken> cancel;

  /// None: nothing is told.
  ProgressCallback progress;

  /// Scores of the first stage (BM25, say), finite, one a passage, the larger the better; or none.
  /// Used only when the folder carries a learned fusion (Info::fusion): the result is then the
  /// fused score, by the formula at Info::first_stage_max_weight. Where the greatest of the call is
  /// not above 0 (no match, or distances and log-probabilities, which are to be shifted first), its
  /// first term is 0, and the probability is by the logit's map.
  std::vector<float> first_stage;
};

struct RankOptions : ScoreOptions {
  /// The best hits that are wanted; 0 means all.
  std::size_t top_n = 0;
};

/// A call of rank that owns its texts.
struct Request {
  std::string query;
  std::vector<std::string> passages;
  RankOptions options;
};

}  // namespace v4
}  // namespace reranker
