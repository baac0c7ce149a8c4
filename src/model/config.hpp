#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <reranker/options.hpp>

// What the families' config.json have in common, and how their values are read and refused.

namespace reranker::model {

class JsonObject;  // model/json.hpp: whoever only wants the values needs no JSON parser

/// How a folder's score joins the first stage's: score = logit + max_weight * 10 * s / max(s)
/// + zscore_weight * (s - mean(s)) / sd(s), over the scores s of one call.
struct Fusion {
  double max_weight = 0.0;
  double zscore_weight = 0.0;
};

/// Logarithm of the odds that a passage is relevant: slope * score + offset, slope above 0.
struct LogOdds {
  double slope = 1.0;
  double offset = 0.0;
};

/// What a folder's scores mean as probabilities. A fused score needs a map of its own: the first
/// stage's terms shift it.
struct Calibration {
  LogOdds logit;
  LogOdds fused;                // as `logit` where the folder has no fusion
  LogOdds fused_other_scripts;  // as `fused` where it has none of its own for other scripts
};

/// Chunks that are read of one passage.
struct Chunks {
  std::size_t most = 1;    // so many, at most
  std::size_t tokens = 0;  // the window of each; 0: that of whole passages
};

/// How passages over the window are to be read where the caller leaves it to the folder. Articles,
/// passages of more than `article_tokens`, may have chunks of their own.
struct LongPassages {
  Overflow overflow = Overflow::truncate;  // or chunk
  Chunks chunks;
  std::size_t article_tokens = kNoArticles;
  Chunks article_chunks;

  static constexpr std::size_t kNoArticles = std::numeric_limits<std::size_t>::max();
  bool has_articles() const { return article_tokens != kNoArticles; }
};

/// What config.json says in every family.
struct Config {
  std::string architecture;
  std::int64_t num_layers = 0;
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t num_heads = 0;
  std::int64_t num_kv_heads = 0;
  std::int64_t head_dim = 0;
  std::int64_t vocab_size = 0;
  std::int64_t max_positions = 0;
  std::int64_t num_token_types = 1;  // that a sequence's tokens may be of
  std::optional<Fusion> fusion;
  std::optional<Fusion> fusion_other_scripts;  // of queries whose letters are mostly not Latin
  std::optional<Calibration> calibration;
  LongPassages long_passages;
  /// "int8_weights" is "quads": the projections' weights, once rotated, are whole steps of
  /// Int8Range::quads (kernels/linear_int8.hpp), so that int8 keeps them as they are.
  bool int8_quads = false;
};

constexpr std::int64_t kMaxExtent = 1 << 20;  // of any one dimension: far beyond every model
constexpr std::int64_t kMaxHeadDim = 512;     // that the attention kernels have room for

/// The one name that "architectures" lists. Throws Error: model_invalid.
std::string read_architecture(const JsonObject& config);

/// Reads all but num_kv_heads, head_dim and num_token_types. Throws Error: model_invalid.
void read_common(const JsonObject& config, Config& out);

/// `fallback` where the key is absent. Throws Error: model_invalid, where it is not above 0 or
/// fp32 has no such number.
double positive(const JsonObject& object, std::string_view key, double fallback);

/// Throws Error: model_invalid, where one of the keys is absent.
void require_numbers(const JsonObject& object, std::initializer_list<const char*> keys);

// What would change the arithmetic and that we do not have is refused, never ignored. What is
// absent is as wanted. Throw Error: unsupported, with key, value found and value wanted.
[[noreturn]] void refuse(const JsonObject& object, std::string_view key, const std::string& found,
                         std::string_view wanted);
void require_string(const JsonObject& config, std::string_view key, std::string_view wanted);
void require_false(const JsonObject& config, std::string_view key);

/// "quantization_config" may say what codes with scales say themselves (safetensors.hpp): of
/// compressed-tensors int-quantized, symmetric 8-bit weights whose activations stay as they are.
void require_known_quantization(const JsonObject& config);

void require_one_label(const JsonObject& config);

}  // namespace reranker::model
