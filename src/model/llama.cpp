#include "model/llama.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include <reranker/error.hpp>

#include "llama_script.hpp"  // generated from models/llama.py

namespace reranker::model {
namespace {

using Shape = std::vector<std::int64_t>;

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Takes tensors out of a checkpoint one by one and knows which are left.
class Taker {
 public:
  explicit Taker(const Checkpoint& checkpoint) : checkpoint_(checkpoint) {
    for (const auto& [name, tensor] : checkpoint.tensors())
      if (!ends_with(name, "rotary_emb.inv_freq") && name != "lm_head.weight") left_.insert(name);
    prefix_ = checkpoint.tensors().count("model.embed_tokens.weight") != 0 ? "model." : "";
  }

  Tensor body(const std::string& name, const Shape& shape) { return take(prefix_ + name, shape); }

  Tensor take(const std::string& name, const Shape& shape) {
    const auto found = checkpoint_.tensors().find(name);
    if (found == checkpoint_.tensors().end())
      throw Error(ErrorCode::model_invalid, fmt::format("{}: {} is missing, shape {} wanted",
                                                        any_file(), name, to_string(shape)));
    const Tensor& tensor = found->second;
    if (tensor.shape != shape)
      throw Error(ErrorCode::model_invalid,
                  fmt::format("{}: {} has shape {}, {} wanted by config.json",
                              checkpoint_.file_of(tensor).string(), name, to_string(tensor.shape),
                              to_string(shape)));
    left_.erase(name);
    return tensor;
  }

  void require_nothing_left() const {
    if (left_.empty()) return;
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: {} is unknown ({} tensors that this architecture does not have)",
                            any_file(), *left_.begin(), left_.size()));
  }

 private:
  std::string any_file() const {
    if (checkpoint_.tensors().empty()) return "safetensors";
    return checkpoint_.file_of(checkpoint_.tensors().begin()->second).string();
  }

  const Checkpoint& checkpoint_;
  std::set<std::string> left_;
  std::string prefix_;
};

void add(Network& network, Weight::Kind kind, const char* attribute, std::int64_t layer,
         std::vector<Tensor> parts) {
  Weight weight{attribute, layer, kind, std::move(parts), 0, 1};
  for (const Tensor& part : weight.parts) weight.rows += part.shape[0];
  if (weight.parts[0].shape.size() > 1) weight.cols = weight.parts[0].shape[1];
  network.weights.push_back(std::move(weight));
}

void add_layer(Network& network, Taker& tensors, const LlamaConfig& config, std::int64_t layer) {
  using Kind = Weight::Kind;
  const auto body = [&](const char* name, const Shape& shape) {
    return tensors.body(fmt::format("layers.{}.{}.weight", layer, name), shape);
  };
  const std::int64_t hidden = config.hidden_size;
  const std::int64_t ffn = config.intermediate_size;
  const std::int64_t q_rows = config.num_heads * config.head_dim;
  const std::int64_t kv_rows = config.num_kv_heads * config.head_dim;

  add(network, Kind::vector, "attention_norm", layer, {body("input_layernorm", {hidden})});
  add(network, Kind::linear, "qkv", layer,
      {body("self_attn.q_proj", {q_rows, hidden}), body("self_attn.k_proj", {kv_rows, hidden}),
       body("self_attn.v_proj", {kv_rows, hidden})});
  add(network, Kind::linear, "attention_out", layer, {body("self_attn.o_proj", {hidden, q_rows})});
  add(network, Kind::vector, "mlp_norm", layer, {body("post_attention_layernorm", {hidden})});
  add(network, Kind::gated_linear, "gate_up", layer,
      {body("mlp.gate_proj", {ffn, hidden}), body("mlp.up_proj", {ffn, hidden})});
  add(network, Kind::linear, "down", layer, {body("mlp.down_proj", {hidden, ffn})});
}

// The head is stored as (1, hidden) and used as a vector.
Tensor head(Taker& tensors, std::int64_t hidden) {
  Tensor score = tensors.take("score.weight", {1, hidden});
  score.shape = {hidden};
  return score;
}

// models/llama.py keeps the residual and, beside it, at most the normalised copy with its qkv
// projection, or the copy with the gated hidden state. The attention's output takes the copy's
// place where it fits there.
std::int64_t floats_per_token(const LlamaConfig& config) {
  const std::int64_t hidden = config.hidden_size;
  const std::int64_t attention = config.num_heads * config.head_dim;
  const std::int64_t qkv = attention + 2 * config.num_kv_heads * config.head_dim;
  const std::int64_t at_attention = hidden + qkv + (attention > hidden ? attention : 0);
  return hidden + std::max(at_attention, hidden + config.intermediate_size);
}

}  // namespace

Network llama_network(const LlamaConfig& config, const Checkpoint& checkpoint) {
  Network network;
  network.script = kLlamaScript;
  network.integers = {{"num_layers", config.num_layers},
                      {"num_heads", config.num_heads},
                      {"num_kv_heads", config.num_kv_heads}};
  network.numbers = {{"eps", config.rms_norm_eps}, {"temperature", config.temperature}};
  network.num_heads = config.num_heads;
  network.num_kv_heads = config.num_kv_heads;
  network.head_dim = config.head_dim;
  network.vocab_size = config.vocab_size;
  network.inverse_frequencies = inverse_frequencies(config.rope, config.head_dim);
  network.floats_per_token = floats_per_token(config);

  Taker tensors(checkpoint);
  add(network, Weight::Kind::embedding, "embeddings", -1,
      {tensors.body("embed_tokens.weight", {config.vocab_size, config.hidden_size})});
  for (std::int64_t layer = 0; layer < config.num_layers; ++layer)
    add_layer(network, tensors, config, layer);
  add(network, Weight::Kind::vector, "final_norm", -1,
      {tensors.body("norm.weight", {config.hidden_size})});
  add(network, Weight::Kind::vector, "head", -1, {head(tensors, config.hidden_size)});
  tensors.require_nothing_left();
  return network;
}

}  // namespace reranker::model
