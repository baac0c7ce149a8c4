#pragma once

#include "model/llama_config.hpp"
#include "model/network.hpp"
#include "model/safetensors.hpp"

namespace reranker::model {

/// The network of a bidirectional Llama reranker.
///
/// Accounts for every tensor of the checkpoint: one that is missing, unknown or of another shape
/// than `config` implies is an Error (model_invalid). Names may carry "model." in front or not.
/// lm_head.weight and rotary_emb.inv_freq are known to be of no use here and are passed over.
Network llama_network(const LlamaConfig& config, const Checkpoint& checkpoint);

}  // namespace reranker::model
