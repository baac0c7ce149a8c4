#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include <reranker/export.hpp>

namespace reranker {
inline namespace v4 {

/// How a passage fared.
enum class Status {
  ok,          ///< Read whole.
  truncated,   ///< Its tail was cut: bytes_read says where.
  chunked,     ///< Read in one or more chunks; the best one counts.
  too_long,    ///< Over the window under Overflow::fail: not scored.
  not_scored,  ///< A pass of it alone needs more memory than the Runtime or the device has.
  non_finite,  ///< The model, or the fusion of its logit, gave no finite number.
};

/// The status's name as written above, such as "truncated". Static storage.
RERANKER_EXPORT const char* name(Status status) noexcept;

/// One passage's result.
struct Hit {
  std::size_t index = 0;  ///< Position of the passage in the call.
  float score = 0;        ///< What hits are ordered by: the fused score, or the logit.
  float logit = 0;        ///< The model's own raw score.
  /// Of relevance, by the folder's calibration (Info::calibrated), which has a map for fused scores
  /// and one for logits; without one it is sigmoid(score), and no frequency of anything. Orders
  /// hits as score does. It holds for calls like those of the fit, see the model's card: among
  /// other candidates another share is relevant. Score, logit and probability are NaN where the
  /// status is too_long, not_scored or non_finite.
  float probability = 0;
  Status status = Status::ok;
  std::size_t tokens = 0;  ///< Of all its sequences, prompts included.
  /// Bytes of the passage that were read, each counted once. They are its beginning, unless only
  /// some of its chunks were read: what lies between is not counted.
  std::size_t bytes_read = 0;
  std::size_t chunk_begin = 0;   ///< The best chunk, as a byte range of the passage.
  std::size_t chunk_end = 0;     ///< A token's end: of a cut passage perhaps inside a character.
  bool query_truncated = false;  ///< The query was cut, to three quarters of a window.
};

/// What a call cost.
struct Usage {
  std::size_t sequences = 0;  ///< Prompts encoded; a chunked passage counts several.
  std::size_t tokens = 0;     ///< Over all sequences. On CUDA short passes are padded: not counted.
  std::size_t batches = 0;    ///< Forward passes.
  std::size_t peak_bytes = 0;     ///< Working memory of the largest pass, as measured.
  std::size_t planned_bytes = 0;  ///< Its bound, as planned beforehand.
};

/// Wall-clock seconds, of a submitted call from when it begins. On CUDA some texts are read while
/// others are tokenized.
struct Timings {
  double tokenize = 0;  ///< All but `encode`.
  double encode = 0;    ///< Spent on waiting for logits, and for other calls' passes before.
  double total = 0;
};

struct Ranking {
  std::vector<Hit> hits;  ///< Best first; equal scores by index; unscored ones last.
  Usage usage;
  Timings timings;
};

/// Takes what a submitted call came to: a ranking, or an error and an empty one.
using RankingCallback = std::function<void(Ranking ranking, std::exception_ptr error)>;

/// What was loaded, and on what it runs.
struct Info {
  std::string architecture;  ///< As config.json names it.
  std::string tokenizer;     ///< Its kind: "llama3", "smollm2", "gpt2" or "bert".
  std::size_t num_layers = 0, hidden_size = 0, intermediate_size = 0;
  std::size_t num_heads = 0, num_kv_heads = 0, head_dim = 0, vocabulary = 0;
  std::size_t parameters = 0;
  std::string stored;  ///< The folder's projections: "fp32", "fp16", "bf16" or "int8"; or several.
  std::size_t max_tokens = 0;  ///< The window.
  std::string device;          ///< "cpu", or "cuda:0" and the device's name.
  std::string
      precision;        ///< Arithmetic of the projections: "fp32", "bf16", "fp16", "fp8" or "int8".
  std::string weights;  ///< Storage of the projections: a precision's name, or "int8 quads".
  std::string attention;  ///< Arithmetic of attention's products: "fp32", "bf16" or "fp16".
  std::string isa;        ///< "generic", "avx2", "avx2_vnni", "avx512", "avx512_vnni",
                          ///< "avx512_bf16" or "amx"; of a CUDA device "sm_90", say.
  std::vector<std::string> kernels;  ///< Chosen on CUDA for this model and device, a line each.
  std::string libtorch;              ///< Version of the LibTorch that the engine was built with.
  std::size_t threads = 0;
  std::size_t weight_bytes = 0;          ///< Memory of the packed weights.
  std::size_t bytes_per_token = 0;       ///< Slope of the planned working memory.
  bool fusion = false;                   ///< The folder carries a learned first-stage fusion.
  double first_stage_max_weight = 0;     ///< fused = logit + this * 10 * s / max(s)
  double first_stage_zscore_weight = 0;  ///< + this * (s - mean(s)) / sd(s), over the call; no
                                         ///< term where max(s) <= 0 or sd(s) = 0. The folder may
                                         ///< have other weights for queries of other scripts than
                                         ///< the Latin.
  std::string overflow;                  ///< What Overflow::automatic does: "truncate" or "chunk".
  std::size_t max_chunks = 0;            ///< Chunks that it reads of one passage, at most.
  std::size_t chunk_tokens = 0;          ///< Tokens of each, prompt included, at most.
  std::size_t article_tokens = 0;        ///< Of those over the window the ones with more tokens
                                         ///< than this are read in other chunks; 0: none are.
  std::size_t article_max_chunks = 0;    ///< Chunks that it reads of one of those, at most.
  std::size_t article_chunk_tokens = 0;  ///< Tokens of each, prompt included, at most.
  bool calibrated = false;               ///< The folder maps scores to probabilities of relevance.
  /// Over weights, tokenizer, prompt, window, precision, what the folder says of fusion,
  /// calibration and long passages, the library's revisions of its kernels and of how it reads
  /// texts, and on CUDA the kind of device and cuBLASLt's version. With equal fingerprints, texts
  /// and options logits are equal, so it can be part of the key of a cache of them; fused scores
  /// and their probabilities are equal where the whole call is. 16 hexadecimal digits.
  std::string fingerprint;
};

}  // namespace v4
}  // namespace reranker
