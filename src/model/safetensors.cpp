#include "model/safetensors.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include <reranker/error.hpp>

#include "model/json.hpp"

namespace reranker::model {
namespace {

namespace dom = simdjson::dom;

// The format's own limit; a longer header is a broken or hostile file.
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;
constexpr std::size_t kMaxDimensions = 8;  // more than any tensor of a model has

[[noreturn]] void invalid(const std::string& where, const std::string& message) {
  throw Error(ErrorCode::model_invalid, where + ": " + message);
}

// Counted integers, which transformers before 4.31 kept beside the weights.
bool is_buffer(std::string_view name) {
  return ends_with(name, "embeddings.position_ids") || ends_with(name, "embeddings.token_type_ids");
}

DType parse_dtype(const std::string& where, std::string_view text) {
  if (text == "F32") return DType::f32;
  if (text == "F16") return DType::f16;
  if (text == "BF16") return DType::bf16;
  if (text == "I8") return DType::i8;
  throw Error(ErrorCode::unsupported,
              fmt::format("{}: dtype is {}, F32, F16, BF16 or I8 wanted", where, text));
}

std::vector<std::int64_t> parse_integers(const JsonObject& entry, std::string_view key,
                                         std::size_t most) {
  const auto array = entry.array(key);
  if (!array) invalid(entry.where(), fmt::format("\"{}\" is missing, an array wanted", key));
  if (array->size() > most)
    invalid(entry.where(),
            fmt::format("\"{}\" holds {} numbers, at most {} wanted", key, array->size(), most));
  std::vector<std::int64_t> values;
  for (const dom::element element : *array) {
    std::int64_t value = 0;
    if (element.get(value) != simdjson::SUCCESS || value < 0)
      invalid(entry.where(),
              fmt::format("\"{}\" holds {}, integers of 0 or more wanted", key, shown(element)));
    values.push_back(value);
  }
  return values;
}

// Bytes of a tensor of this shape; refuses a product that does not fit 63 bits.
std::uint64_t bytes_of(const std::string& where, const Tensor& tensor) {
  std::uint64_t bytes = size_in_bytes(tensor.dtype);
  for (const auto extent : tensor.shape) {
    const auto factor = static_cast<std::uint64_t>(extent);
    if (factor != 0 && bytes > std::numeric_limits<std::int64_t>::max() / factor)
      invalid(where, fmt::format("shape {} is absurdly large", to_string(tensor.shape)));
    bytes *= factor;
  }
  return bytes;
}

// Where an entry's data lie: bytes of the file.
struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::string name;
};

Range parse_range(const JsonObject& entry, std::string_view name, std::uint64_t data_begin,
                  std::uint64_t file_size) {
  const auto offsets = parse_integers(entry, "data_offsets", 2);
  if (offsets.size() != 2 || offsets[0] > offsets[1])
    invalid(entry.where(), "\"data_offsets\" is not [begin, end]");
  const auto begin = static_cast<std::uint64_t>(offsets[0]);
  const auto end = static_cast<std::uint64_t>(offsets[1]);
  if (end > file_size - data_begin)
    invalid(entry.where(), fmt::format("data end at byte {}, the file at {}: is it cut short?", end,
                                       file_size - data_begin));
  return {data_begin + begin, data_begin + end, std::string(name)};
}

Tensor parse_entry(const JsonObject& entry, const Range& range) {
  Tensor tensor;
  tensor.name = range.name;
  tensor.dtype = parse_dtype(entry.where(), entry.string("dtype").value_or("missing"));
  tensor.shape = parse_integers(entry, "shape", kMaxDimensions);
  tensor.bytes = bytes_of(entry.where(), tensor);
  tensor.offset = range.begin;
  if (range.end - range.begin != tensor.bytes)
    invalid(entry.where(),
            fmt::format("{} bytes of data, {} wanted for {} of shape {}", range.end - range.begin,
                        tensor.bytes, model::name(tensor.dtype), to_string(tensor.shape)));
  return tensor;
}

// The format has every byte of data in one tensor: another layout is a mistake, or hides one.
void require_whole(const std::string& where, std::vector<Range> ranges, std::uint64_t data_begin,
                   std::uint64_t file_size) {
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  std::uint64_t end = data_begin;
  for (const Range& range : ranges) {
    if (range.begin != end)
      invalid(where, fmt::format("{}: data begin at byte {}, {} wanted, where others end",
                                 range.name, range.begin - data_begin, end - data_begin));
    end = range.end;
  }
  if (end != file_size)
    invalid(where,
            fmt::format("{} bytes behind the data of the last tensor, 0 wanted", file_size - end));
}

std::vector<Tensor> parse_header(const InputFile& file) {
  const std::string where = file.path().string();
  std::uint64_t header_bytes = 0;
  if (file.size() < sizeof header_bytes)
    invalid(where, fmt::format("{} bytes long, a header length of 8 wanted", file.size()));
  file.read(0, sizeof header_bytes, &header_bytes);
  if (header_bytes > kMaxHeaderBytes || header_bytes > file.size() - sizeof header_bytes)
    invalid(where, fmt::format("header of {} bytes, at most {} wanted", header_bytes,
                               std::min(kMaxHeaderBytes, file.size() - sizeof header_bytes)));

  std::string text(header_bytes, '\0');
  file.read(sizeof header_bytes, text.size(), text.data());
  const JsonFile header(text, where + ": header");

  const std::uint64_t data_begin = sizeof header_bytes + header_bytes;
  std::vector<Tensor> tensors;
  std::vector<Range> ranges;
  for (const auto& [key, value] : header.root().raw()) {
    if (key == "__metadata__") continue;
    dom::object object;
    const std::string entry_where = fmt::format("{}: {}", where, shown(std::string(key)));
    if (value.get(object) != simdjson::SUCCESS) invalid(entry_where, "an object wanted");
    const JsonObject entry(object, entry_where);
    ranges.push_back(parse_range(entry, key, data_begin, file.size()));
    if (!is_buffer(key)) tensors.push_back(parse_entry(entry, ranges.back()));
  }
  require_whole(where, std::move(ranges), data_begin, file.size());
  return tensors;
}

// Tensor name -> shard's file name, as the index has it.
std::map<std::string, std::string> read_index(const std::filesystem::path& path) {
  const JsonFile file(path);
  const auto weight_map = file.root().object("weight_map");
  if (!weight_map) invalid(path.string(), "\"weight_map\" is missing");
  std::map<std::string, std::string> shards;
  for (const auto& [tensor, value] : weight_map->raw()) {
    std::string_view shard;
    if (value.get(shard) != simdjson::SUCCESS || shard.find('/') != std::string_view::npos)
      invalid(path.string(), fmt::format("\"weight_map\": {} is {}, a file name wanted",
                                         shown(std::string(tensor)), shown(value)));
    if (!is_buffer(tensor)) shards.emplace(tensor, shard);
  }
  return shards;
}

}  // namespace

Checkpoint Checkpoint::open(const std::filesystem::path& folder) {
  Checkpoint checkpoint;
  const auto single = folder / "model.safetensors";
  const auto index = folder / "model.safetensors.index.json";
  std::error_code unknown;  // what cannot be looked at is opened, and the error names it
  const bool has_single = std::filesystem::exists(single, unknown);
  const bool has_index = std::filesystem::exists(index, unknown);
  if (!has_single && !has_index && !unknown)
    throw Error(ErrorCode::model_not_found,
                fmt::format("{}: not there, nor {}; safetensors wanted, as pytorch_model.bin is "
                            "not read",
                            single.string(), index.filename().string()));
  if (has_single || !has_index) {
    checkpoint.add_file(single);
    checkpoint.give_codes_their_scales();
    return checkpoint;
  }
  const auto shard_of = read_index(index);
  std::set<std::string> shards;
  for (const auto& [tensor, shard] : shard_of) shards.insert(shard);
  if (shards.empty()) invalid(index.string(), "\"weight_map\" names no tensor");
  for (const auto& shard : shards) checkpoint.add_file(folder / shard);

  for (const auto& [name, shard] : shard_of) {
    const auto found = checkpoint.tensors_.find(name);
    if (found == checkpoint.tensors_.end() || checkpoint.file_of(found->second).filename() != shard)
      invalid(index.string(), fmt::format("{} is said to be in {} and is not", name, shard));
  }
  checkpoint.give_codes_their_scales();
  return checkpoint;
}

void Checkpoint::add_file(const std::filesystem::path& path) {
  files_.emplace_back(path);
  for (auto& tensor : parse_header(files_.back())) {
    tensor.file = files_.size() - 1;
    const std::string name = tensor.name;
    if (!tensors_.emplace(name, std::move(tensor)).second)
      invalid(path.string(), fmt::format("{} is there twice", name));
  }
}

}  // namespace reranker::model
