#include "model/llama_config.hpp"

#include <cmath>
#include <tuple>

#include <fmt/format.h>

#include <reranker/error.hpp>

#include "model/json.hpp"

namespace reranker::model {
namespace {

// What would change the arithmetic and that we do not have is refused, never ignored.
void refuse_variants(const JsonObject& config) {
  const auto type = config.string("model_type").value_or("missing");
  if (type != "llama_bidirec" && type != "llama")
    refuse(config, "model_type", '"' + type + '"', "\"llama_bidirec\" or \"llama\"");
  require_string(config, "pooling", "avg");
  require_string(config, "hidden_act", "silu");
  require_false(config, "attention_bias");
  require_false(config, "mlp_bias");
  require_known_quantization(config);
  require_one_label(config);
}

// transformers reads it in either place.
void require_whole_heads(const JsonObject& object) {
  const double rotary = object.number("partial_rotary_factor").value_or(1.0);
  if (rotary != 1.0) refuse(object, "partial_rotary_factor", fmt::format("{}", rotary), "1");
}

// Without a type there is nothing to scale by: a number beside it would be passed over.
RopeType read_untyped_rope(const JsonObject& scaling) {
  constexpr std::string_view plain[] = {"rope_theta", "partial_rotary_factor", "rope_type", "type"};
  for (const auto& [key, value] : scaling.raw())
    if (std::find(std::begin(plain), std::end(plain), key) == std::end(plain))
      throw Error(ErrorCode::model_invalid,
                  fmt::format("{}: \"rope_type\" is missing beside \"{}\"; \"default\", \"linear\" "
                              "or \"llama3\" wanted",
                              scaling.where(), shown(std::string(key))));
  return RopeType::plain;
}

RopeType read_rope_type(const JsonObject& scaling) {
  if (!scaling.has("rope_type") && !scaling.has("type")) return read_untyped_rope(scaling);
  const auto type =
      scaling.string("rope_type").value_or(scaling.string("type").value_or("default"));
  if (type == "default") return RopeType::plain;
  if (type == "linear") return RopeType::linear;
  if (type == "llama3") return RopeType::llama3;
  refuse(scaling, "rope_type", '"' + type + '"', "\"default\", \"linear\" or \"llama3\"");
}

// Below 1 a pair of dimensions would turn by more than a radian a position: a mistake, and in a
// long window beyond the angles that kernels/rope.hpp computes.
double at_least_one(const JsonObject& object, std::string_view key, double by_default) {
  const double value = positive(object, key, by_default);
  if (value < 1.0) refuse(object, key, fmt::format("{}", value), "1 or more");
  return value;
}

void read_llama3(const JsonObject& scaling, Rope& rope) {
  require_numbers(scaling,
                  {"low_freq_factor", "high_freq_factor", "original_max_position_embeddings"});
  rope.low_freq_factor = positive(scaling, "low_freq_factor", 0.0);
  rope.high_freq_factor = positive(scaling, "high_freq_factor", 0.0);
  rope.original_max_positions = positive(scaling, "original_max_position_embeddings", 0.0);
  if (rope.high_freq_factor <= rope.low_freq_factor)
    throw Error(
        ErrorCode::model_invalid,
        fmt::format("{}: \"high_freq_factor\" is {}, more than the low_freq_factor of {} wanted",
                    scaling.where(), rope.high_freq_factor, rope.low_freq_factor));
}

Rope read_rope_of(const JsonObject& scaling, Rope rope) {
  require_whole_heads(scaling);
  rope.theta = at_least_one(scaling, "rope_theta", rope.theta);
  rope.type = read_rope_type(scaling);
  if (rope.type != RopeType::plain) require_numbers(scaling, {"factor"});
  rope.factor = at_least_one(scaling, "factor", 1.0);
  if (rope.type == RopeType::llama3) read_llama3(scaling, rope);
  return rope;
}

// transformers 5 writes rope_parameters {rope_type, rope_theta, ...}; earlier versions rope_theta
// beside rope_scaling {rope_type or type, ...}. Which of two counts has changed between versions.
Rope read_rope(const JsonObject& config) {
  require_whole_heads(config);
  Rope plain;
  plain.theta = at_least_one(config, "rope_theta", plain.theta);
  const auto parameters = config.object("rope_parameters");
  const auto scaling = config.object("rope_scaling");
  if (!parameters && !scaling) return plain;
  const Rope rope = read_rope_of(parameters ? *parameters : *scaling, plain);
  if (parameters && scaling && !(read_rope_of(*scaling, plain) == rope))
    refuse(config, "rope_scaling", "other than \"rope_parameters\"", "one of them, or the same");
  const auto original = config.number("original_max_position_embeddings");
  if (rope.type == RopeType::llama3 && original && *original != rope.original_max_positions)
    refuse(config, "original_max_position_embeddings", fmt::format("{}", *original),
           fmt::format("{}, as beside rope's factor,", rope.original_max_positions));
  return rope;
}

void read_heads(const JsonObject& config, LlamaConfig& out) {
  out.num_kv_heads = config.has("num_key_value_heads")
                         ? config.required("num_key_value_heads", 1, out.num_heads)
                         : out.num_heads;
  if (out.num_heads % out.num_kv_heads != 0)
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: {} attention heads over {} key/value heads, a multiple wanted",
                            config.where(), out.num_heads, out.num_kv_heads));
  if (!config.has("head_dim") && out.hidden_size % out.num_heads != 0)
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: hidden_size {} over {} heads, a multiple or \"head_dim\" wanted",
                            config.where(), out.hidden_size, out.num_heads));
  out.head_dim = config.has("head_dim") ? config.required("head_dim", 2, kMaxHeadDim)
                                        : out.hidden_size / out.num_heads;
  if (out.head_dim % 2 != 0 || out.head_dim > kMaxHeadDim)
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: head_dim is {}, an even number of at most {} wanted",
                            config.where(), out.head_dim, kMaxHeadDim));
}

}  // namespace

bool Rope::operator==(const Rope& other) const {
  const auto all = [](const Rope& rope) {
    return std::tie(rope.type, rope.theta, rope.factor, rope.low_freq_factor, rope.high_freq_factor,
                    rope.original_max_positions);
  };
  return all(*this) == all(other);
}

LlamaConfig read_llama_config(const JsonObject& config) {
  LlamaConfig out;
  refuse_variants(config);
  read_common(config, out);
  read_heads(config, out);
  out.rms_norm_eps = positive(config, "rms_norm_eps", out.rms_norm_eps);
  out.temperature = positive(config, "temperature", out.temperature);
  out.rope = read_rope(config);
  return out;
}

namespace {

/// How much of a frequency llama3 scaling keeps: 0 divides it by the factor, 1 leaves it as it is.
float kept_share(const Rope& rope, float frequency) {
  constexpr auto kTwoPi = static_cast<float>(6.283185307179586);
  const auto window = static_cast<float>(rope.original_max_positions);
  const float wavelength = kTwoPi / frequency;
  if (wavelength < static_cast<float>(rope.original_max_positions / rope.high_freq_factor))
    return 1;
  if (wavelength > static_cast<float>(rope.original_max_positions / rope.low_freq_factor)) return 0;
  return (window / wavelength - static_cast<float>(rope.low_freq_factor)) /
         static_cast<float>(rope.high_freq_factor - rope.low_freq_factor);
}

}  // namespace

// transformers modeling_rope_utils.py: _compute_default_rope_parameters,
// _compute_linear_scaling_rope_parameters, _compute_llama3_parameters. Every step rounds to fp32 as
// it does there: models are trained with those bits, and one unit in the last place of a frequency
// turns position 8191 by up to 5e-4 radians, in the same way in every layer.
std::vector<float> inverse_frequencies(const Rope& rope, std::int64_t head_dim) {
  const auto factor = static_cast<float>(rope.factor);
  std::vector<float> frequencies;
  for (std::int64_t i = 0; i < head_dim; i += 2) {
    const float exponent = static_cast<float>(i) / static_cast<float>(head_dim);
    const float plain = 1.0f / static_cast<float>(std::pow(rope.theta, exponent));
    const float kept = rope.type == RopeType::plain    ? 1.0f
                       : rope.type == RopeType::linear ? 0.0f
                                                       : kept_share(rope, plain);
    frequencies.push_back((1.0f - kept) * plain / factor + kept * plain);
  }
  return frequencies;
}

}  // namespace reranker::model
