#include "model/bert.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <reranker/error.hpp>

#include "bert_pair_cosine_script.hpp"  // generated from models/bert*.py
#include "bert_script.hpp"
#include "model/json.hpp"
#include "model/take.hpp"

namespace reranker::model {
namespace {

using Kind = Weight::Kind;
using Reads = Weight::Reads;

void refuse_variants(const JsonObject& config) {
  require_string(config, "model_type", "bert");
  require_string(config, "hidden_act", "gelu");
  require_string(config, "position_embedding_type", "absolute");
  require_false(config, "is_decoder");
  require_false(config, "add_cross_attention");
  require_known_quantization(config);
  require_one_label(config);
}

void read_heads(const JsonObject& config, BertConfig& out) {
  out.num_kv_heads = out.num_heads;
  out.head_dim = out.hidden_size / out.num_heads;
  if (out.head_dim * out.num_heads != out.hidden_size || out.head_dim > kMaxHeadDim)
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: hidden_size {} over {} heads, a multiple of at most {} wanted",
                            config.where(), out.hidden_size, out.num_heads, kMaxHeadDim));
}

// The tensors `name`.weight and `name`.bias, as the attributes `attribute` and `attribute`_bias.
class Builder {
 public:
  Builder(Network& network, Taker& tensors) : network_(network), tensors_(tensors) {}

  void table(const char* attribute, const std::string& name, const Shape& shape) {
    add(network_, Kind::table, attribute, -1, {tensors_.body(name + ".weight", shape)});
  }

  void linear(const std::string& attribute, std::int64_t layer,
              const std::vector<std::string>& names, const Shape& shape,
              Reads reads = Reads::norm) {
    stack(Kind::linear, attribute, layer, names, ".weight", shape, reads);
    stack(Kind::vector, attribute + "_bias", layer, names, ".bias", {shape[0]});
  }

  void norm(const std::string& attribute, std::int64_t layer, const std::string& name,
            std::int64_t dim) {
    // Their names of 2018, which transformers reads as well.
    const bool old = tensors_.has_body(name + ".gamma");
    stack(Kind::vector, attribute, layer, {name}, old ? ".gamma" : ".weight", {dim});
    stack(Kind::vector, attribute + "_bias", layer, {name}, old ? ".beta" : ".bias", {dim});
  }

 private:
  void stack(Kind kind, const std::string& attribute, std::int64_t layer,
             const std::vector<std::string>& names, const char* end, const Shape& shape,
             Reads reads = Reads::norm) {
    std::vector<Tensor> parts;
    parts.reserve(names.size());
    for (const auto& name : names) parts.push_back(tensors_.body(name + end, shape));
    add(network_, kind, attribute.c_str(), layer, std::move(parts), reads);
  }

  Network& network_;
  Taker& tensors_;
};

void add_embeddings(Builder& builder, const BertConfig& config) {
  const std::int64_t hidden = config.hidden_size;
  builder.table("words", "embeddings.word_embeddings", {config.vocab_size, hidden});
  builder.table("positions", "embeddings.position_embeddings", {config.max_positions, hidden});
  builder.table("types", "embeddings.token_type_embeddings", {config.num_token_types, hidden});
  builder.norm("embedding_norm", -1, "embeddings.LayerNorm", hidden);
}

void add_layer(Builder& builder, const BertConfig& config, std::int64_t layer) {
  const std::int64_t hidden = config.hidden_size;
  const std::int64_t ffn = config.intermediate_size;
  const auto name = [&](const char* part) {
    return fmt::format("encoder.layer.{}.{}", layer, part);
  };
  builder.linear(
      "qkv", layer,
      {name("attention.self.query"), name("attention.self.key"), name("attention.self.value")},
      {hidden, hidden});
  builder.linear("attention_out", layer, {name("attention.output.dense")}, {hidden, hidden},
                 Reads::attention);
  builder.norm("attention_norm", layer, name("attention.output.LayerNorm"), hidden);
  builder.linear("up", layer, {name("intermediate.dense")}, {ffn, hidden});
  builder.linear("down", layer, {name("output.dense")}, {hidden, ffn}, Reads::mlp);
  builder.norm("mlp_norm", layer, name("output.LayerNorm"), hidden);
}

void add_classifier(Network& network, Taker& tensors, std::int64_t hidden) {
  add(network, Kind::vector, "head", -1, {tensors.row("classifier.weight", hidden)});
  add(network, Kind::vector, "head_bias", -1, {tensors.take("classifier.bias", {1})});
}

void add_pooled_head(Network& network, Taker& tensors, std::int64_t hidden) {
  const Shape square{hidden, hidden};
  add(network, Kind::matrix, "pooler", -1, {tensors.body("pooler.dense.weight", square)});
  add(network, Kind::vector, "pooler_bias", -1, {tensors.body("pooler.dense.bias", {hidden})});
  add_classifier(network, tensors, hidden);
}

void add_pair_cosine_head(Network& network, Taker& tensors, std::int64_t hidden) {
  add_classifier(network, tensors, hidden);
  add(network, Kind::vector, "cosine_scale", -1, {tensors.take("cosine_scale", {1})});
}

bool is_pooler(std::string_view name) {
  constexpr std::string_view kPrefix = "bert.";
  if (name.substr(0, kPrefix.size()) == kPrefix) name.remove_prefix(kPrefix.size());
  return name == "pooler.dense.weight" || name == "pooler.dense.bias";
}

// What stands on the body: its text, its tensors, and those that may lie beside them unread.
struct Head {
  const char* script;
  bool reads_first_rows;
  void (*add)(Network& network, Taker& tensors, std::int64_t hidden);
  bool (*of_no_use)(std::string_view name);
};

constexpr Head kPooled{kBertScript, true, add_pooled_head, [](std::string_view) { return false; }};
constexpr Head kPairCosine{kBertPairCosineScript, false, add_pair_cosine_head, is_pooler};

Network make_network(const BertConfig& config, const Checkpoint& checkpoint, const Head& head) {
  Network network;
  network.architecture = config.architecture;
  network.script = head.script;
  network.integers = {{"num_layers", config.num_layers}, {"num_heads", config.num_heads}};
  network.numbers = {{"eps", config.layer_norm_eps}};
  network.num_heads = config.num_heads;
  network.num_kv_heads = config.num_heads;
  network.head_dim = config.head_dim;
  network.norms_residual = true;
  // models/bert.py keeps the residual and, beside it, at most queries, keys and values with what
  // attention makes of them, or the hidden state.
  network.floats_per_token =
      config.hidden_size + std::max(4 * config.hidden_size, config.intermediate_size);
  // models/bert_classify.py: what attention made of first tokens, and their residual.
  if (head.reads_first_rows) network.floats_per_sequence = 2 * config.hidden_size;

  Taker tensors(checkpoint, "bert.", "embeddings.word_embeddings.weight", head.of_no_use);
  Builder builder(network, tensors);
  add_embeddings(builder, config);
  for (std::int64_t layer = 0; layer < config.num_layers; ++layer)
    add_layer(builder, config, layer);
  head.add(network, tensors, config.hidden_size);
  tensors.require_nothing_left();
  return network;
}

}  // namespace

BertConfig read_bert_config(const JsonObject& config) {
  BertConfig out;
  refuse_variants(config);
  read_common(config, out);
  read_heads(config, out);
  out.num_token_types = config.has("type_vocab_size")
                            ? config.required("type_vocab_size", 1, kMaxExtent)
                            : 2;  // transformers' default
  out.layer_norm_eps = positive(config, "layer_norm_eps", out.layer_norm_eps);
  return out;
}

Network bert_network(const BertConfig& config, const Checkpoint& checkpoint) {
  return make_network(config, checkpoint, kPooled);
}

Network bert_pair_cosine_network(const BertConfig& config, const Checkpoint& checkpoint) {
  return make_network(config, checkpoint, kPairCosine);
}

}  // namespace reranker::model
