#include "model/model.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model/bert.hpp"
#include "model/json.hpp"
#include "model/llama.hpp"

namespace reranker::model {
namespace {

template <auto ReadConfig, auto MakeNetwork, Framing kFraming>
Model read(const JsonObject& json, const std::filesystem::path& folder) {
  const auto config = ReadConfig(json);
  Checkpoint checkpoint = Checkpoint::open(folder);
  Network network = MakeNetwork(config, checkpoint);
  return {config, std::move(checkpoint), std::move(network), kFraming};
}

struct Family {
  const char* architecture;
  Model (*read)(const JsonObject& config, const std::filesystem::path& folder);
};

// A plain LlamaForSequenceClassification is causal and reads the last token: another model.
constexpr Family kFamilies[] = {
    {"LlamaBidirectionalForSequenceClassification",
     read<read_llama_config, llama_network, Framing::question>},
    {"BertForSequenceClassification", read<read_bert_config, bert_network, Framing::pair>},
    {"BertPairCosineForSequenceClassification",
     read<read_bert_config, bert_pair_cosine_network, Framing::typed_pair>}};

[[noreturn]] void refuse_family(const JsonObject& config, const std::string& name) {
  std::vector<std::string> known;
  for (const Family& family : kFamilies)
    known.push_back(fmt::format("[\"{}\"]", family.architecture));
  refuse(config, "architectures", fmt::format("[\"{}\"]", name),
         fmt::format("{}", fmt::join(known, " or ")));
}

}  // namespace

Model read_model(const std::filesystem::path& folder) {
  const JsonFile file(folder / "config.json");
  const JsonObject config = file.root();
  const std::string name = read_architecture(config);
  const auto* const family =
      std::find_if(std::begin(kFamilies), std::end(kFamilies),
                   [&](const Family& candidate) { return name == candidate.architecture; });
  if (family == std::end(kFamilies)) refuse_family(config, name);
  return family->read(config, folder);
}

}  // namespace reranker::model
