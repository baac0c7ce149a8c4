#pragma once

#include <filesystem>

#include "model/config.hpp"
#include "model/network.hpp"
#include "model/safetensors.hpp"

namespace reranker::model {

/// How a family reads a query and a passage as one sequence: text/frame.hpp.
enum class Framing {
  question,
  pair,
  typed_pair,  // the passage is of token type 1: the network asks for the two texts
};

/// A model folder, read up to its weights' bytes.
struct Model {
  Config config;
  Checkpoint checkpoint;
  Network network;
  Framing framing;
};

/// Reads `folder` as the family that the architecture in its config.json belongs to.
/// Throws Error: model_not_found, model_invalid, unsupported.
Model read_model(const std::filesystem::path& folder);

}  // namespace reranker::model
