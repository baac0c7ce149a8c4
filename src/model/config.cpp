#include "model/config.hpp"

#include <cmath>

#include <fmt/format.h>

#include <reranker/error.hpp>

#include "model/json.hpp"

namespace reranker::model {
namespace {

constexpr std::int64_t kMaxExtent = 1 << 20;  // of any one dimension: far beyond every Llama

[[noreturn]] void unsupported(const JsonObject& object, std::string_view key,
                              const std::string& found, std::string_view wanted) {
  throw Error(ErrorCode::unsupported,
              fmt::format("{}: \"{}\" is {}, {} wanted", object.where(), key, found, wanted));
}

void require_string(const JsonObject& config, std::string_view key, std::string_view wanted) {
  const auto found = config.string(key);
  if (found && *found != wanted)
    unsupported(config, key, '"' + *found + '"', fmt::format("\"{}\"", wanted));
}

void require_false(const JsonObject& config, std::string_view key) {
  if (config.boolean(key).value_or(false)) unsupported(config, key, "true", "false");
}

double positive(const JsonObject& object, std::string_view key, double fallback) {
  const double value = object.number(key).value_or(fallback);
  if (!(value > 0.0) || !std::isfinite(value))
    throw Error(ErrorCode::model_invalid, fmt::format("{}: \"{}\" is {}, a number above 0 wanted",
                                                      object.where(), key, value));
  return value;
}

std::string read_architecture(const JsonObject& config) {
  constexpr std::string_view kWanted = "LlamaBidirectionalForSequenceClassification";
  simdjson::dom::array architectures;
  std::string_view found;
  if (config.raw().at_key("architectures").get(architectures) != simdjson::SUCCESS ||
      architectures.size() != 1 || architectures.at(0).get(found) != simdjson::SUCCESS)
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: \"architectures\" is missing or not a list of one name, "
                            "[\"{}\"] wanted",
                            config.where(), kWanted));
  // A plain LlamaForSequenceClassification is causal and reads the last token: another model.
  if (found != kWanted)
    unsupported(config, "architectures", fmt::format("[\"{}\"]", found),
                fmt::format("[\"{}\"]", kWanted));

  const auto type = config.string("model_type").value_or("missing");
  if (type != "llama_bidirec" && type != "llama")
    unsupported(config, "model_type", '"' + type + '"', "\"llama_bidirec\" or \"llama\"");
  return std::string(found);
}

// What would change the arithmetic and that we do not have is refused, never ignored.
void refuse_variants(const JsonObject& config) {
  require_string(config, "pooling", "avg");
  require_string(config, "hidden_act", "silu");
  require_false(config, "attention_bias");
  require_false(config, "mlp_bias");
  if (config.object("quantization_config"))
    unsupported(config, "quantization_config", "given", "weights that are not quantised");
  const double rotary = config.number("partial_rotary_factor").value_or(1.0);
  if (rotary != 1.0) unsupported(config, "partial_rotary_factor", fmt::format("{}", rotary), "1");
}

RopeType read_rope_type(const JsonObject& scaling) {
  const auto type =
      scaling.string("rope_type").value_or(scaling.string("type").value_or("default"));
  if (type == "default") return RopeType::plain;
  if (type == "linear") return RopeType::linear;
  if (type == "llama3") return RopeType::llama3;
  unsupported(scaling, "rope_type", '"' + type + '"', "\"default\", \"linear\" or \"llama3\"");
}

// transformers 5 writes rope_parameters {rope_type, rope_theta, ...}; earlier versions rope_theta
// beside rope_scaling {rope_type or type, ...}.
Rope read_rope(const JsonObject& config) {
  Rope rope;
  rope.theta = positive(config, "rope_theta", rope.theta);
  auto scaling = config.object("rope_parameters");
  if (!scaling) scaling = config.object("rope_scaling");
  if (!scaling) return rope;

  rope.theta = positive(*scaling, "rope_theta", rope.theta);
  rope.type = read_rope_type(*scaling);
  if (rope.type != RopeType::plain && !scaling->has("factor"))
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: \"factor\" is missing, a number wanted", scaling->where()));
  rope.factor = positive(*scaling, "factor", 1.0);
  if (rope.type != RopeType::llama3) return rope;

  rope.low_freq_factor = positive(*scaling, "low_freq_factor", rope.low_freq_factor);
  rope.high_freq_factor = positive(*scaling, "high_freq_factor", rope.high_freq_factor);
  rope.original_max_positions =
      positive(*scaling, "original_max_position_embeddings", rope.original_max_positions);
  if (rope.high_freq_factor <= rope.low_freq_factor)
    throw Error(
        ErrorCode::model_invalid,
        fmt::format("{}: \"high_freq_factor\" is {}, more than the low_freq_factor of {} wanted",
                    scaling->where(), rope.high_freq_factor, rope.low_freq_factor));
  return rope;
}

std::optional<std::int64_t> read_num_labels(const JsonObject& config) {
  auto labels = config.integer("num_labels");
  if (!labels) {
    if (const auto names = config.object("id2label"))
      labels = static_cast<std::int64_t>(names->raw().size());
  }
  if (labels && *labels != 1)
    unsupported(config, config.has("num_labels") ? "num_labels" : "id2label",
                fmt::format("{}", *labels), "one label: a single logit");
  return labels;
}

std::optional<Fusion> read_fusion(const JsonObject& config) {
  const auto object = config.object("first_stage");
  if (!object) return {};
  Fusion fusion{object->number("max_weight").value_or(0.0),
                object->number("zscore_weight").value_or(0.0)};
  if (!std::isfinite(fusion.max_weight) || !std::isfinite(fusion.zscore_weight))
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: a weight is not finite", object->where()));
  return fusion;
}

void read_shape(const JsonObject& config, LlamaConfig& out) {
  out.num_layers = config.required("num_hidden_layers", 1, 1024);
  out.hidden_size = config.required("hidden_size", 1, kMaxExtent);
  out.intermediate_size = config.required("intermediate_size", 1, kMaxExtent);
  out.vocab_size = config.required("vocab_size", 1, 1 << 24);
  out.num_heads = config.required("num_attention_heads", 1, 1024);
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
  out.head_dim = config.has("head_dim") ? config.required("head_dim", 2, 1024)
                                        : out.hidden_size / out.num_heads;
  if (out.head_dim % 2 != 0)
    throw Error(ErrorCode::model_invalid, fmt::format("{}: head_dim is {}, an even number wanted",
                                                      config.where(), out.head_dim));
}

}  // namespace

LlamaConfig read_config(const std::filesystem::path& folder) {
  const JsonFile file(folder / "config.json");
  const JsonObject config = file.root();

  LlamaConfig out;
  out.architecture = read_architecture(config);
  refuse_variants(config);
  read_shape(config, out);
  out.max_positions = config.required("max_position_embeddings", 1, 1 << 30);
  out.rms_norm_eps = positive(config, "rms_norm_eps", out.rms_norm_eps);
  out.temperature = positive(config, "temperature", out.temperature);
  out.num_labels = read_num_labels(config);
  out.rope = read_rope(config);
  out.fusion = read_fusion(config);
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
