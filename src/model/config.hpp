#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace reranker::model {

/// How the positions' frequencies are stretched, as config.json names it.
enum class RopeType { plain, linear, llama3 };

struct Rope {
  RopeType type = RopeType::plain;
  double theta = 10000.0;
  double factor = 1.0;                     // linear, llama3
  double low_freq_factor = 1.0;            // llama3
  double high_freq_factor = 4.0;           // llama3
  double original_max_positions = 8192.0;  // llama3
};

/// How a folder's score joins the first stage's: score = logit + max_weight * 10 * s / max(s)
/// + zscore_weight * (s - mean(s)) / sd(s), over the scores s of one call.
struct Fusion {
  double max_weight = 0.0;
  double zscore_weight = 0.0;
};

/// What config.json says of a bidirectional Llama with a one-logit head.
struct LlamaConfig {
  std::string architecture;
  std::int64_t num_layers = 0;
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t num_heads = 0;
  std::int64_t num_kv_heads = 0;
  std::int64_t head_dim = 0;
  std::int64_t vocab_size = 0;
  std::int64_t max_positions = 0;
  double rms_norm_eps = 1e-6;
  double temperature = 1.0;
  std::optional<std::int64_t> num_labels;  // absent: the head's rows tell
  Rope rope;
  std::optional<Fusion> fusion;
};

/// Reads `folder`/config.json, in both generations of its form (rope_scaling with rope_theta, and
/// rope_parameters). Throws Error: model_not_found, model_invalid, unsupported.
LlamaConfig read_config(const std::filesystem::path& folder);

/// Angle per position of each pair of a head, (head_dim / 2), in radians.
/// As transformers' ROPE_INIT_FUNCTIONS, in its fp32 arithmetic.
std::vector<float> inverse_frequencies(const Rope& rope, std::int64_t head_dim);

}  // namespace reranker::model
