#include "model/model.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <reranker/error.hpp>

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

// What a clone without Git LFS has in place of large files: a few lines that name them.
void refuse_lfs_pointers(const std::filesystem::path& folder) {
  constexpr std::string_view kPointer = "version https://git-lfs.github.com/spec/";
  constexpr std::uintmax_t kMostBytes = 1024;  // of one, by that specification
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const auto kind = entry.path().extension();
    if ((kind != ".json" && kind != ".safetensors") || !entry.is_regular_file(ignored) ||
        entry.file_size(ignored) > kMostBytes)
      continue;
    if (InputFile(entry.path()).read_all().compare(0, kPointer.size(), kPointer) == 0)
      throw Error(
          ErrorCode::model_invalid,
          fmt::format("{}: a Git LFS pointer found, the file itself wanted (`git lfs pull`)",
                      entry.path().string()));
  }
}

}  // namespace

Model read_model(const std::filesystem::path& folder) {
  refuse_lfs_pointers(folder);
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
