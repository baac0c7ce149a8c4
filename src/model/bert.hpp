#pragma once

#include "model/config.hpp"
#include "model/network.hpp"
#include "model/safetensors.hpp"

namespace reranker::model {

/// What config.json says of a BertForSequenceClassification with one label.
struct BertConfig : Config {
  double layer_norm_eps = 1e-12;
};

/// Throws Error: model_invalid, unsupported (another activation than erf's gelu, positions that are
/// not absolute, a decoder).
BertConfig read_bert_config(const JsonObject& config);

/// Its network. Accounts for every tensor as llama_network does; names may carry "bert." in front
/// or not.
Network bert_network(const BertConfig& config, const Checkpoint& checkpoint);

}  // namespace reranker::model
