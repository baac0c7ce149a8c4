#include "model/llama.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "llama_script.hpp"  // generated from models/llama.py
#include "model/take.hpp"

namespace reranker::model {
namespace {

bool of_no_use(std::string_view name) {
  return ends_with(name, "rotary_emb.inv_freq") || name == "lm_head.weight";
}

void add_layer(Network& network, Taker& tensors, const LlamaConfig& config, std::int64_t layer) {
  using Kind = Weight::Kind;
  using Reads = Weight::Reads;
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
  add(network, Kind::linear, "attention_out", layer, {body("self_attn.o_proj", {hidden, q_rows})},
      Reads::attention);
  add(network, Kind::vector, "mlp_norm", layer, {body("post_attention_layernorm", {hidden})});
  add(network, Kind::gated_linear, "gate_up", layer,
      {body("mlp.gate_proj", {ffn, hidden}), body("mlp.up_proj", {ffn, hidden})});
  add(network, Kind::linear, "down", layer, {body("mlp.down_proj", {hidden, ffn})}, Reads::mlp);
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
  network.architecture = config.architecture;
  network.script = kLlamaScript;
  network.integers = {{"num_layers", config.num_layers},
                      {"num_heads", config.num_heads},
                      {"num_kv_heads", config.num_kv_heads}};
  network.numbers = {{"eps", config.rms_norm_eps}, {"temperature", config.temperature}};
  network.num_heads = config.num_heads;
  network.num_kv_heads = config.num_kv_heads;
  network.head_dim = config.head_dim;
  network.inverse_frequencies = inverse_frequencies(config.rope, config.head_dim);
  network.floats_per_token = floats_per_token(config);

  Taker tensors(checkpoint, "model.", "embed_tokens.weight", of_no_use);
  add(network, Weight::Kind::embedding, "embeddings", -1,
      {tensors.body("embed_tokens.weight", {config.vocab_size, config.hidden_size})});
  for (std::int64_t layer = 0; layer < config.num_layers; ++layer)
    add_layer(network, tensors, config, layer);
  add(network, Weight::Kind::vector, "final_norm", -1,
      {tensors.body("norm.weight", {config.hidden_size})});
  add(network, Weight::Kind::vector, "head", -1, {tensors.row("score.weight", config.hidden_size)});
  tensors.require_nothing_left();
  return network;
}

}  // namespace reranker::model
