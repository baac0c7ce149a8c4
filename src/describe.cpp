#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "impl.hpp"
#include "model/model.hpp"

// What a model says of itself once it is loaded.

namespace reranker {
inline namespace v4 {
namespace {

// Renewed whenever the library reads a text as other ids than before, or other windows of a
// passage: what the kernels' revision is to bits.
constexpr int kReadingRevision = 1;

std::size_t count_parameters(const model::Network& network) {
  std::int64_t count = 0;
  for (const auto& weight : network.weights) count += weight.rows * weight.cols;
  return static_cast<std::size_t>(count);
}

std::string precision_of(model::DType dtype) {
  switch (dtype) {
    case model::DType::f32: return "fp32";
    case model::DType::f16: return "fp16";
    case model::DType::bf16: return "bf16";
    case model::DType::i8: break;
  }
  return "int8";
}

std::string stored_in(const model::Network& network) {
  std::set<std::string> types;
  for (const auto& weight : network.weights) {
    if (!weight.is_projection()) continue;
    for (const auto& part : weight.parts) types.insert(precision_of(part.dtype));
  }
  return fmt::format("{}", fmt::join(types, ", "));
}

std::string frame_text(const text::Frame& frame) {
  return fmt::format("[{}] {} {} [{}] {} [{}] {} {}", fmt::join(frame.ids.begin, " "),
                     frame.query_head, frame.query_tail, fmt::join(frame.ids.middle, " "),
                     frame.passage_head, fmt::join(frame.ids.end, " "), frame.ids.typed,
                     frame.apart);
}

// What the folder says of fusion, calibration and long passages.
std::string folder_text(const model::Config& config) {
  const auto line = [](const model::LogOdds& map) {
    return fmt::format(" {} {}", map.slope, map.offset);
  };
  std::string text;
  for (const auto& fusion : {config.fusion, config.fusion_other_scripts})
    if (fusion) text += fmt::format(" fused {} {}", fusion->max_weight, fusion->zscore_weight);
  if (const auto& maps = config.calibration)
    text += " calibrated" + line(maps->logit) + line(maps->fused) + line(maps->fused_other_scripts);
  const model::LongPassages& how = config.long_passages;
  const auto line_of = [](const model::Chunks& chunks) {
    return fmt::format(" {} {}", chunks.most, chunks.tokens);
  };
  if (how.overflow == Overflow::chunk) text += line_of(how.chunks);
  if (how.has_articles())
    text += fmt::format(" over {}", how.article_tokens) + line_of(how.article_chunks);
  return text;
}

// Everything that a hit depends on, apart from the texts and the call's options.
std::string fingerprint(const model::Config& config, const model::Network& network,
                        const engine::Description& description, const text::Frame& frame,
                        std::string_view tokenizer_json, std::size_t window) {
  std::string text = fmt::format("{:x} {} {} {} {} {} {} {} {}", description.weight_hash,
                                 description.kernel_revision, kReadingRevision,
                                 description.precision, description.weights, description.attention,
                                 window, network.num_heads, network.head_dim);
  text += description.hardware;
  for (const auto& [name, value] : network.numbers) text += fmt::format(" {}={}", name, value);
  for (const float frequency : network.inverse_frequencies) text += fmt::format(" {}", frequency);
  text += network.script;
  text += frame_text(frame) + folder_text(config);
  text += tokenizer_json;
  return fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()));
}

}  // namespace

Info Reranker::Impl::describe(const model::Model& model, std::string_view tokenizer_json) const {
  const auto size = [](std::int64_t value) { return static_cast<std::size_t>(value); };
  const engine::Description& description = encoder->description();
  const model::LongPassages automatic = choose({});

  Info out;
  out.architecture = config.architecture;
  out.tokenizer = tokenizer.kind();
  out.num_layers = size(config.num_layers);
  out.hidden_size = size(config.hidden_size);
  out.intermediate_size = size(config.intermediate_size);
  out.num_heads = size(config.num_heads);
  out.num_kv_heads = size(config.num_kv_heads);
  out.head_dim = size(config.head_dim);
  out.vocabulary = size(config.vocab_size);
  out.parameters = count_parameters(model.network);
  out.stored = stored_in(model.network);
  out.max_tokens = max_tokens;
  out.device = description.device;
  out.precision = description.precision;
  out.weights = description.weights;
  out.attention = description.attention;
  out.isa = description.isa;
  out.kernels = description.kernels;
  out.libtorch = description.libtorch;
  out.threads = executor->threads();
  out.weight_bytes = description.weight_bytes;
  out.bytes_per_token = (plan(2048, 1) - plan(1024, 1)) / 1024;
  if (config.fusion) {
    out.fusion = true;
    out.first_stage_max_weight = config.fusion->max_weight;
    out.first_stage_zscore_weight = config.fusion->zscore_weight;
  }
  out.overflow = automatic.overflow == Overflow::chunk ? "chunk" : "truncate";
  out.max_chunks = automatic.chunks.most;
  out.chunk_tokens = automatic.chunks.tokens;
  if (automatic.has_articles()) {
    out.article_tokens = automatic.article_tokens;
    out.article_max_chunks = automatic.article_chunks.most;
    out.article_chunk_tokens = automatic.article_chunks.tokens;
  }
  out.calibrated = config.calibration.has_value();
  out.fingerprint =
      fingerprint(config, model.network, description, frame, tokenizer_json, max_tokens);
  return out;
}

}  // namespace v4
}  // namespace reranker
