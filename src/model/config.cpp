#include "model/config.hpp"

#include <algorithm>
#include <cfloat>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <reranker/error.hpp>

#include "model/json.hpp"

namespace reranker::model {

void refuse(const JsonObject& object, std::string_view key, const std::string& found,
            std::string_view wanted) {
  throw Error(ErrorCode::unsupported,
              fmt::format("{}: \"{}\" is {}, {} wanted", object.where(), key, found, wanted));
}

void require_string(const JsonObject& config, std::string_view key, std::string_view wanted) {
  const auto found = config.string(key);
  if (found && *found != wanted)
    refuse(config, key, '"' + *found + '"', fmt::format("\"{}\"", wanted));
}

void require_false(const JsonObject& config, std::string_view key) {
  if (config.boolean(key).value_or(false)) refuse(config, key, "true", "false");
}

namespace {

void require_codes(const JsonObject& group) {
  for (const char* key : {"input_activations", "output_activations"})
    if (group.has(key)) refuse(group, key, "given", "null: weights alone");
  const auto weights = group.object("weights");
  if (!weights) return;
  require_string(*weights, "type", "int");
  if (!weights->boolean("symmetric").value_or(true)) refuse(*weights, "symmetric", "false", "true");
  const std::int64_t bits = weights->integer("num_bits").value_or(8);
  if (bits != 8) refuse(*weights, "num_bits", fmt::format("{}", bits), "8");
}

}  // namespace

void require_known_quantization(const JsonObject& config) {
  const auto found = config.object("quantization_config");
  if (!found) return;
  const std::string method = found->string("quant_method").value_or("not given");
  if (method != "compressed-tensors")
    refuse(*found, "quant_method", method, "compressed-tensors, or weights that are not quantised");
  require_string(*found, "format", "int-quantized");
  const auto groups = found->object("config_groups");
  if (!groups) return;
  for (const auto& [name, value] : groups->raw()) {
    simdjson::dom::object group;
    const std::string where = fmt::format("{}: {}", groups->where(), name);
    if (value.get(group) != simdjson::SUCCESS)
      throw Error(ErrorCode::model_invalid, where + ": an object wanted");
    require_codes({group, where});
  }
}

void require_one_label(const JsonObject& config) {
  auto labels = config.integer("num_labels");
  if (!labels) {
    if (const auto names = config.object("id2label"))
      labels = static_cast<std::int64_t>(names->raw().size());
  }
  if (labels && *labels != 1)
    refuse(config, config.has("num_labels") ? "num_labels" : "id2label", fmt::format("{}", *labels),
           "one label: a single logit");
}

double positive(const JsonObject& object, std::string_view key, double fallback) {
  const double value = object.number(key).value_or(fallback);
  if (!(value >= double{FLT_MIN}) || value > double{FLT_MAX})
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: \"{}\" is {}, a number above 0 wanted, {} to {}", object.where(),
                            key, value, FLT_MIN, FLT_MAX));
  return value;
}

void require_numbers(const JsonObject& object, std::initializer_list<const char*> keys) {
  for (const char* key : keys)
    if (!object.has(key))
      throw Error(ErrorCode::model_invalid,
                  fmt::format("{}: \"{}\" is missing, a number wanted", object.where(), key));
}

std::string read_architecture(const JsonObject& config) {
  const auto architectures = config.array("architectures");
  std::string_view found;
  if (!architectures || architectures->size() != 1 ||
      architectures->at(0).get(found) != simdjson::SUCCESS)
    throw Error(
        ErrorCode::model_invalid,
        fmt::format("{}: \"architectures\" is {}, a list of one name wanted", config.where(),
                    architectures ? shown(simdjson::minify(*architectures)) : "missing"));
  return std::string(found);
}

namespace {

// Of an object of ours, which transformers does not read: a key that is misspelt would be a key
// left out.
void require_known_keys(const JsonObject& object, std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : object.raw())
    if (std::find(known.begin(), known.end(), key) == known.end())
      throw Error(ErrorCode::model_invalid,
                  fmt::format("{}: \"{}\" is unknown, of {} one wanted", object.where(),
                              shown(std::string(key)), fmt::join(known, ", ")));
}

std::optional<Fusion> read_fusion(const JsonObject& within, std::string_view key,
                                  std::initializer_list<std::string_view> keys) {
  const auto object = within.object(key);
  if (!object) return {};
  require_known_keys(*object, keys);
  if (!object->has("max_weight") && !object->has("zscore_weight"))
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: neither \"max_weight\" nor \"zscore_weight\" is there, a number "
                            "wanted of one of them",
                            object->where()));
  const Fusion fusion{object->number("max_weight").value_or(0.0),
                      object->number("zscore_weight").value_or(0.0)};
  if (!std::isfinite(fusion.max_weight) || !std::isfinite(fusion.zscore_weight))
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: a weight is not finite", object->where()));
  return fusion;
}

LogOdds read_log_odds(const JsonObject& calibration, std::string_view key) {
  const auto object = calibration.object(key);
  if (!object)
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: \"{}\" is missing, an object of \"slope\" and \"offset\" wanted",
                            calibration.where(), key));
  require_known_keys(*object, {"slope", "offset"});
  require_numbers(*object, {"slope", "offset"});
  return {positive(*object, "slope", 0.0), *object->number("offset")};
}

void read_fusions(const JsonObject& config, Config& out) {
  out.fusion = read_fusion(config, "first_stage", {"max_weight", "zscore_weight", "other_scripts"});
  if (out.fusion)
    out.fusion_other_scripts = read_fusion(*config.object("first_stage"), "other_scripts",
                                           {"max_weight", "zscore_weight"});
}

// A map that is there just where its kind of score is: none stays uncalibrated unseen.
LogOdds read_log_odds_of(const JsonObject& calibration, std::string_view key, bool wanted,
                         std::string_view weights, const LogOdds& otherwise) {
  if (wanted) return read_log_odds(calibration, key);
  if (calibration.has(key))
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: \"{}\" is given, no such map wanted without \"{}\"",
                            calibration.where(), key, weights));
  return otherwise;
}

std::optional<Calibration> read_calibration(const JsonObject& config, const Config& read) {
  const auto object = config.object("calibration");
  if (!object) return {};
  require_known_keys(*object, {"logit", "fused", "fused_other_scripts"});
  Calibration out;
  out.logit = read_log_odds(*object, "logit");
  out.fused = read_log_odds_of(*object, "fused", read.fusion.has_value(), "first_stage", out.logit);
  out.fused_other_scripts =
      read_log_odds_of(*object, "fused_other_scripts", read.fusion_other_scripts.has_value(),
                       "other_scripts", out.fused);
  return out;
}

std::size_t read_count(const JsonObject& object, const char* key) {
  return static_cast<std::size_t>(object.required(key, 1, kMaxExtent));
}

Chunks read_chunks(const JsonObject& object) {
  Chunks out;
  out.most = read_count(object, "max_chunks");
  if (object.has("chunk_tokens")) out.tokens = read_count(object, "chunk_tokens");
  return out;
}

LongPassages read_chunking(const JsonObject& object) {
  LongPassages out;
  out.overflow = Overflow::chunk;
  out.chunks = read_chunks(object);
  if (const auto articles = object.object("articles")) {
    require_known_keys(*articles, {"over_tokens", "max_chunks", "chunk_tokens"});
    out.article_tokens = read_count(*articles, "over_tokens");
    out.article_chunks = read_chunks(*articles);
  }
  return out;
}

LongPassages read_long_passages(const JsonObject& config) {
  const auto object = config.object("long_passages");
  if (!object) return {};
  require_known_keys(*object, {"overflow", "max_chunks", "chunk_tokens", "articles"});
  const std::string overflow = object->string("overflow").value_or("not given");
  if (overflow == "chunk") return read_chunking(*object);
  if (overflow != "truncate")
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: \"overflow\" is {}, \"chunk\" or \"truncate\" wanted",
                            object->where(), overflow));
  for (const char* key : {"max_chunks", "chunk_tokens", "articles"})
    if (object->has(key))
      throw Error(ErrorCode::model_invalid,
                  fmt::format("{}: \"{}\" is given, none wanted where passages are cut",
                              object->where(), key));
  return {};
}

bool read_int8_weights(const JsonObject& config) {
  if (!config.has("int8_weights")) return false;
  const std::string form = config.string("int8_weights").value_or("null");
  if (form == "quads") return true;
  throw Error(ErrorCode::model_invalid,
              fmt::format("{}: \"int8_weights\" is {}, \"quads\" wanted", config.where(), form));
}

}  // namespace

void read_common(const JsonObject& config, Config& out) {
  out.architecture = read_architecture(config);
  out.num_layers = config.required("num_hidden_layers", 1, 1024);
  out.hidden_size = config.required("hidden_size", 1, kMaxExtent);
  out.intermediate_size = config.required("intermediate_size", 1, kMaxExtent);
  out.vocab_size = config.required("vocab_size", 1, 1 << 24);
  out.num_heads = config.required("num_attention_heads", 1, 1024);
  out.max_positions = config.required("max_position_embeddings", 1, 1 << 30);
  read_fusions(config, out);
  out.calibration = read_calibration(config, out);
  out.long_passages = read_long_passages(config);
  out.int8_quads = read_int8_weights(config);
}

}  // namespace reranker::model
