#pragma once

#include <cstdint>
#include <vector>

#include "model/config.hpp"

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

  bool operator==(const Rope& other) const;
};

/// What config.json says of a bidirectional Llama with a one-logit head.
struct LlamaConfig : Config {
  double rms_norm_eps = 1e-6;
  double temperature = 1.0;
  Rope rope;
};

/// Reads config.json in both generations of its form (rope_scaling with rope_theta, and
/// rope_parameters). Throws Error: model_invalid, unsupported.
LlamaConfig read_llama_config(const JsonObject& config);

/// Angle per position of each pair of a head, (head_dim / 2), in radians.
/// As transformers' ROPE_INIT_FUNCTIONS, in its fp32 arithmetic.
std::vector<float> inverse_frequencies(const Rope& rope, std::int64_t head_dim);

}  // namespace reranker::model
