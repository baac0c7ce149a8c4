#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "impl.hpp"
#include "model/model.hpp"
#include "runtime/access.hpp"
#include "text/prompt.hpp"

// How a model is loaded: folder -> config, checkpoint -> network -> encoder, and the tokenizer
// beside it.

namespace reranker {
inline namespace v2 {
namespace {

constexpr std::size_t kMaxWindow = 8192;  // what the model family is evaluated at

void require_folder(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (std::filesystem::is_directory(folder, ignored)) return;
  throw Error(ErrorCode::model_not_found,
              fmt::format("{}: not a folder; a Hugging Face model folder wanted", folder.string()));
}

std::size_t choose_window(const model::Config& config, std::size_t wanted) {
  const auto positions = static_cast<std::size_t>(config.max_positions);
  if (wanted == 0) return std::min(positions, kMaxWindow);
  const std::size_t most = std::min(positions, kMaxWindow);
  if (wanted > most)
    throw Error(ErrorCode::invalid_argument,
                fmt::format("max_tokens is {}, at most {} wanted by this model", wanted, most));
  return wanted;
}

// A window must hold the prompt around two empty texts with room to spare for some of each.
std::size_t least_window(const text::Tokenizer& tokenizer, const text::Frame& frame) {
  text::Tokenizer::Scratch scratch;
  const text::Prompt prompt(tokenizer, frame, scratch, SpecialTokens::match, {},
                            text::Prompt::kNoWindow);
  return 2 * prompt.encode({}).ids.size();
}

void require_room(std::size_t least, std::size_t window, const model::LongPassages& long_passages,
                  const std::filesystem::path& folder) {
  if (window < least)
    throw Error(ErrorCode::invalid_argument,
                fmt::format("max_tokens is {}, at least {} wanted for the prompt", window, least));
  const std::size_t of_chunks = long_passages.chunk_tokens;
  if (of_chunks != 0 && of_chunks < least)
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: long_passages: \"chunk_tokens\" is {}, at least {} wanted for the "
                            "prompt",
                            (folder / "config.json").string(), of_chunks, least));
}

text::Tokenizer load_tokenizer(const std::filesystem::path& folder, std::int64_t vocab_size) {
  const auto path = folder / "tokenizer.json";
  auto tokenizer = text::Tokenizer::load(path);
  if (tokenizer.vocabulary_size() > static_cast<std::size_t>(vocab_size))
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: ids up to {}, config.json has a vocab_size of {}", path.string(),
                            tokenizer.vocabulary_size() - 1, vocab_size));
  return tokenizer;
}

text::Frame make_frame(const text::Tokenizer& tokenizer, const model::Model& model,
                       const std::filesystem::path& folder) {
  if (model.framing == model::Framing::question) return text::question_frame(tokenizer);
  text::Frame frame = text::pair_frame(tokenizer);
  if (!frame.ids.typed && model.framing == model::Framing::typed_pair)
    throw Error(
        ErrorCode::unsupported,
        fmt::format("{}: post_processor's pair template has no token of type 1, a passage of "
                    "type 1 wanted by {}",
                    (folder / "tokenizer.json").string(), model.config.architecture));
  if (frame.ids.typed && model.config.num_token_types < 2)
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: type_vocab_size is {}, 2 wanted by the pair template of "
                            "tokenizer.json",
                            (folder / "config.json").string(), model.config.num_token_types));
  return frame;
}

// None where there is no device to compute on, or none that computes so; `log` is told why.
std::unique_ptr<engine::Encoder> try_cuda(const engine::Blueprint& blueprint,
                                          const LogCallback& log) {
  try {
    return engine::open_cuda(blueprint.crew).make(blueprint);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::device_unavailable && error.code() != ErrorCode::unsupported)
      throw;
    if (log) log(LogLevel::info, fmt::format("on the CPU: {}", error.what()));
    return nullptr;
  }
}

std::unique_ptr<engine::Encoder> make_on(Device device, const engine::Blueprint& blueprint,
                                         const LogCallback& log) {
  if (device == Device::cuda) return engine::open_cuda(blueprint.crew).make(blueprint);
  if (device == Device::automatic)
    if (auto encoder = try_cuda(blueprint, log)) return encoder;
  return engine::open_cpu(blueprint.crew).make(blueprint);
}

// An encoder that the Runtime's leader makes while this thread reads the tokenizer: opening
// LibTorch and reading a vocabulary take their time.
class EncoderToBe {
 public:
  EncoderToBe(const model::Model& model, std::size_t window, const LoadOptions& options,
              runtime::Executor& executor)
      : executor_(executor) {
    if (options.log)
      warn_ = [log = options.log](std::string_view message) { log(LogLevel::warning, message); };
    making_.emplace(executor, [this, &model, window, &options](runtime::Crew& crew) {
      encoder_ = make_on(options.device,
                         {model.network, model.checkpoint, window, options.precision,
                          options.device_index, executor_.memory_limit(), crew, warn_},
                         options.log);
    });
  }

  // Unmakes what nobody took where it was made.
  ~EncoderToBe() {
    making_.reset();
    if (encoder_) executor_.run([this](runtime::Crew&) { encoder_.reset(); });
  }

  EncoderToBe(const EncoderToBe&) = delete;
  EncoderToBe& operator=(const EncoderToBe&) = delete;

  std::unique_ptr<engine::Encoder> take() {
    making_->wait();
    return std::move(encoder_);
  }

 private:
  runtime::Executor& executor_;
  std::function<void(std::string_view)> warn_;
  std::unique_ptr<engine::Encoder> encoder_;
  std::optional<runtime::Executor::Pending> making_;
};

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

std::string describe(const text::Frame& frame) {
  return fmt::format("[{}] {} {} [{}] {} [{}] {} {}", fmt::join(frame.ids.begin, " "),
                     frame.query_head, frame.query_tail, fmt::join(frame.ids.middle, " "),
                     frame.passage_head, fmt::join(frame.ids.end, " "), frame.ids.typed,
                     frame.apart);
}

// What makes scores and probabilities of logits.
std::string describe(const model::Config& config) {
  const auto line = [](const model::LogOdds& map) {
    return fmt::format(" {} {}", map.slope, map.offset);
  };
  std::string text;
  if (config.fusion)
    text += fmt::format(" fused {} {}", config.fusion->max_weight, config.fusion->zscore_weight);
  if (config.calibration)
    text += " calibrated" + line(config.calibration->logit) + line(config.calibration->fused);
  const model::LongPassages& how = config.long_passages;
  if (how.overflow == Overflow::chunk)
    text += fmt::format(" {} {}", how.max_chunks, how.chunk_tokens);
  return text;
}

// Everything that a hit depends on, apart from the texts and the call's options.
std::string fingerprint(const model::Config& config, const model::Network& network,
                        const engine::Description& description, const text::Frame& frame,
                        const std::filesystem::path& folder, std::size_t window) {
  std::string text =
      fmt::format("{:x} {} {} {} {} {} {} {}", description.weight_hash, description.kernel_revision,
                  description.precision, description.weights, description.attention, window,
                  network.num_heads, network.head_dim);
  text += description.hardware;
  for (const auto& [name, value] : network.numbers) text += fmt::format(" {}={}", name, value);
  for (const float frequency : network.inverse_frequencies) text += fmt::format(" {}", frequency);
  text += network.script;
  text += describe(frame) + describe(config);
  text += model::InputFile(folder / "tokenizer.json").read_all();
  return fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()));
}

Info describe(const model::Config& config, const model::Network& network,
              const engine::Encoder& encoder, std::size_t threads) {
  const auto size = [](std::int64_t value) { return static_cast<std::size_t>(value); };
  const engine::Description& description = encoder.description();
  Info info;
  info.architecture = config.architecture;
  info.num_layers = size(config.num_layers);
  info.hidden_size = size(config.hidden_size);
  info.intermediate_size = size(config.intermediate_size);
  info.num_heads = size(config.num_heads);
  info.num_kv_heads = size(config.num_kv_heads);
  info.head_dim = size(config.head_dim);
  info.vocabulary = size(config.vocab_size);
  info.parameters = count_parameters(network);
  info.stored = stored_in(network);
  info.device = description.device;
  info.precision = description.precision;
  info.weights = description.weights;
  info.attention = description.attention;
  info.isa = description.isa;
  info.kernels = description.kernels;
  info.libtorch = description.libtorch;
  info.threads = threads;
  info.weight_bytes = description.weight_bytes;
  info.bytes_per_token = (encoder.plan(2048, 1, threads) - encoder.plan(1024, 1, threads)) / 1024;
  if (config.fusion) {
    info.fusion = true;
    info.first_stage_max_weight = config.fusion->max_weight;
    info.first_stage_zscore_weight = config.fusion->zscore_weight;
  }
  info.calibrated = config.calibration.has_value();
  return info;
}

std::string summary(const std::filesystem::path& folder, const Info& info) {
  return fmt::format("{}: {} parameters, {} weights, window of {} tokens, on {} ({}), {} threads",
                     folder.string(), info.parameters, info.weights, info.max_tokens, info.device,
                     info.isa, info.threads);
}

}  // namespace

// Weights that are not finite, or an engine that does not work here, show now and not in a call.
void Reranker::Impl::check_forward(const std::filesystem::path& folder) const {
  Usage ignored;
  const batch::Sequence two_tokens{{0, 0}, 0, 0, 0, frame.ids.typed ? std::size_t{1} : 0};
  const float logit = encode({two_tokens}, 2, ignored).front();
  if (!std::isfinite(logit))
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: a forward pass of two tokens gives {}, a finite logit wanted: are "
                            "all weights finite?",
                            folder.string(), logit));
}

Reranker Reranker::load(const std::filesystem::path& folder, const LoadOptions& options) {
  require_folder(folder);
  const model::Model model = model::read_model(folder);
  const model::Config& config = model.config;

  const Runtime runtime = options.runtime ? *options.runtime : Runtime::process();
  const std::size_t window = choose_window(config, options.max_tokens);
  EncoderToBe encoder(model, window, options, *detail::RuntimeAccess::executor(runtime));

  auto impl = std::make_shared<Impl>(load_tokenizer(folder, config.vocab_size), runtime);
  impl->max_tokens = window;
  impl->frame = make_frame(impl->tokenizer, model, folder);
  impl->min_tokens = least_window(impl->tokenizer, impl->frame);
  require_room(impl->min_tokens, window, config.long_passages, folder);
  impl->fusion = config.fusion;
  impl->calibration = config.calibration.value_or(model::Calibration{});
  impl->long_passages = config.long_passages;
  impl->encoder = encoder.take();

  impl->info = describe(config, model.network, *impl->encoder, impl->executor->threads());
  impl->info.tokenizer = impl->tokenizer.kind();
  impl->info.max_tokens = impl->max_tokens;
  const auto automatic = impl->choose({});
  impl->info.overflow = automatic.overflow == Overflow::chunk ? "chunk" : "truncate";
  impl->info.max_chunks = automatic.max_chunks;
  impl->info.chunk_tokens = automatic.chunk_tokens;
  impl->info.fingerprint = fingerprint(config, model.network, impl->encoder->description(),
                                       impl->frame, folder, impl->max_tokens);

  impl->check_forward(folder);
  if (options.log) options.log(LogLevel::info, summary(folder, impl->info));
  return Reranker(std::move(impl));
}

}  // namespace v2
}  // namespace reranker
