#pragma once

#include "model/config.hpp"
#include "model/network.hpp"
#include "model/safetensors.hpp"

namespace reranker::model {

/// What config.json says of a BERT cross-encoder with one label, whatever its head.
struct BertConfig : Config {
  double layer_norm_eps = 1e-12;
};

/// Throws Error: model_invalid, unsupported (another activation than erf's gelu, positions that are
/// not absolute, a decoder).
BertConfig read_bert_config(const JsonObject& config);

/// The network of BertForSequenceClassification. Accounts for every tensor as llama_network does;
/// names may carry "bert." in front or not.
Network bert_network(const BertConfig& config, const Checkpoint& checkpoint);

/// That of BertPairCosineForSequenceClassification, whose head is kernels/pair_cosine.hpp:
/// classifier.weight (1, hidden), classifier.bias (1) and cosine_scale (1). A pooler may lie there.
Network bert_pair_cosine_network(const BertConfig& config, const Checkpoint& checkpoint);

}  // namespace reranker::model
