#include "model/model.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "model/bert.hpp"
#include "model/json.hpp"
#include "model/llama.hpp"

namespace reranker::model {
namespace {

Model read_llama(const JsonObject& json, const std::filesystem::path& folder) {
  const LlamaConfig config = read_llama_config(json);
  Checkpoint checkpoint = Checkpoint::open(folder);
  Network network = llama_network(config, checkpoint);
  return {config, std::move(checkpoint), std::move(network), Framing::question};
}

Model read_bert(const JsonObject& json, const std::filesystem::path& folder) {
  const BertConfig config = read_bert_config(json);
  Checkpoint checkpoint = Checkpoint::open(folder);
  Network network = bert_network(config, checkpoint);
  return {config, std::move(checkpoint), std::move(network), Framing::pair};
}

struct Family {
  const char* architecture;
  Model (*read)(const JsonObject& config, const std::filesystem::path& folder);
};

// A plain LlamaForSequenceClassification is causal and reads the last token: another model.
constexpr Family kFamilies[] = {{"LlamaBidirectionalForSequenceClassification", read_llama},
                                {"BertForSequenceClassification", read_bert}};

}  // namespace

Model read_model(const std::filesystem::path& folder) {
  const JsonFile file(folder / "config.json");
  const JsonObject config = file.root();
  const std::string name = read_architecture(config);
  const auto* const family =
      std::find_if(std::begin(kFamilies), std::end(kFamilies),
                   [&](const Family& candidate) { return name == candidate.architecture; });
  if (family == std::end(kFamilies))
    refuse(
        config, "architectures", fmt::format("[\"{}\"]", name),
        fmt::format("[\"{}\"] or [\"{}\"]", kFamilies[0].architecture, kFamilies[1].architecture));
  return family->read(config, folder);
}

}  // namespace reranker::model
