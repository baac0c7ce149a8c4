#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "impl.hpp"
#include "model/model.hpp"
#include "runtime/access.hpp"
#include "runtime/ending.hpp"
#include "runtime/float_environment.hpp"
#include "runtime/guard.hpp"
#include "runtime/watch.hpp"
#include "text/prompt.hpp"

// How a model is loaded: folder -> config, checkpoint -> network -> encoder, and the tokenizer
// beside it.

namespace reranker {
inline namespace v4 {
namespace {

constexpr std::size_t kMaxWindow = 8192;  // what the model family is evaluated at

void require_folder(const std::filesystem::path& folder) {
  std::error_code error;
  if (std::filesystem::is_directory(folder, error)) return;
  throw Error(ErrorCode::model_not_found,
              fmt::format("'{}': {}; a Hugging Face model folder wanted", folder.string(),
                          error ? error.message() : "not a folder"));
}

std::size_t choose_window(const model::Config& config, std::size_t wanted) {
  const std::size_t most = std::min(static_cast<std::size_t>(config.max_positions), kMaxWindow);
  if (wanted == 0) return most;
  if (wanted > most)
    throw Error(ErrorCode::invalid_argument,
                fmt::format("max_tokens is {}, at most {} wanted by this model", wanted, most));
  return wanted;
}

// A window must hold the prompt around two empty texts with room to spare for some of each.
// No sequence is without a token: so neither may that prompt be.
std::size_t least_window(const text::Tokenizer& tokenizer, const text::Frame& frame,
                         const std::filesystem::path& folder) {
  text::Tokenizer::Scratch scratch;
  const text::Prompt prompt(tokenizer, frame, scratch, SpecialTokens::match, {},
                            text::Prompt::kNoWindow);
  const std::size_t tokens = prompt.encode({}).ids.size();
  if (tokens == 0)
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: the prompt of two empty texts has 0 tokens, at least 1 wanted",
                            (folder / "tokenizer.json").string()));
  return 2 * tokens;
}

void require_room(std::size_t least, std::size_t window, std::size_t asked_for,
                  const model::LongPassages& long_passages, const std::filesystem::path& folder) {
  if (window < least && asked_for != 0)
    throw Error(ErrorCode::invalid_argument,
                fmt::format("max_tokens is {}, at least {} wanted for the prompt", window, least));
  if (window < least)
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: a window of {} tokens, at least {} wanted for the prompt",
                            (folder / "config.json").string(), window, least));
  const auto require = [&](const model::Chunks& chunks, const char* object) {
    if (chunks.tokens == 0 || chunks.tokens >= least) return;
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: {}: \"chunk_tokens\" is {}, at least {} wanted for the prompt",
                            (folder / "config.json").string(), object, chunks.tokens, least));
  };
  require(long_passages.chunks, "long_passages");
  require(long_passages.article_chunks, "long_passages: articles");
}

text::NamedText read_text(const std::filesystem::path& path) {
  return {model::InputFile(path).read_all(), path.string()};
}

text::NamedText read_tokenizer_json(const std::filesystem::path& folder) {
  const auto path = folder / "tokenizer.json";
  std::error_code unknown;  // what cannot be looked at is opened, and the error names it
  if (!std::filesystem::exists(path, unknown) && !unknown)
    throw Error(ErrorCode::model_not_found,
                fmt::format("{}: not there; a fast tokenizer's file wanted, as vocab.txt and "
                            "tokenizer.model are not read",
                            path.string()));
  return read_text(path);
}

text::Tokenizer make_tokenizer(const std::filesystem::path& folder, const text::NamedText& json,
                               std::int64_t vocab_size) {
  const auto beside = folder / "tokenizer_config.json";
  std::optional<text::NamedText> config;
  if (std::error_code unknown; std::filesystem::exists(beside, unknown)) config = read_text(beside);
  auto tokenizer = text::Tokenizer::parse(json, config);
  if (tokenizer.vocabulary_size() > static_cast<std::size_t>(vocab_size))
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: ids up to {}, config.json has a vocab_size of {}", json.file,
                            tokenizer.vocabulary_size() - 1, vocab_size));
  return tokenizer;
}

text::Frame make_frame(const text::Tokenizer& tokenizer, const model::Model& model,
                       const std::filesystem::path& folder) {
  if (model.framing == model::Framing::question) return text::question_frame(tokenizer);
  const std::string file = (folder / "tokenizer.json").string();
  text::Frame frame = text::pair_frame(tokenizer, file);
  if (!frame.ids.typed && model.framing == model::Framing::typed_pair)
    throw Error(
        ErrorCode::unsupported,
        fmt::format("{}: post_processor's pair template has no token of type 1, a passage of "
                    "type 1 wanted by {}",
                    file, model.config.architecture));
  if (frame.ids.typed && model.config.num_token_types < 2)
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: type_vocab_size is {}, 2 wanted by the pair template of "
                            "tokenizer.json",
                            (folder / "config.json").string(), model.config.num_token_types));
  return frame;
}

std::unique_ptr<engine::Encoder> make_on(Device device, const engine::Blueprint& blueprint) {
  const engine::Module& module = engine::open(device, blueprint.crew);
  runtime::end_jobs_at_exit(device, runtime::Made::with_the_module);
  return module.make(blueprint);
}

// None where there is no device to compute on, or none that computes so: `why`.
std::unique_ptr<engine::Encoder> try_cuda(const engine::Blueprint& blueprint, std::string& why) {
  try {
    return make_on(Device::cuda, blueprint);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::device_unavailable && error.code() != ErrorCode::unsupported)
      throw;
    why = error.what();
    return nullptr;
  }
}

std::unique_ptr<engine::Encoder> make_where_it_can_be(const engine::Blueprint& blueprint,
                                                      const LogCallback& log) {
  std::string why_not_cuda;
  if (auto encoder = try_cuda(blueprint, why_not_cuda)) return encoder;
  if (log) log(LogLevel::info, "on the CPU: " + why_not_cuda);
  try {
    return make_on(Device::cpu, blueprint);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unsupported) throw;
    throw Error(error.code(), fmt::format("{}; not on CUDA: {}", error.what(), why_not_cuda));
  }
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
      runtime::do_watched(crew, runtime::Watch({}, nobody_waits_), [&](runtime::Crew& watched) {
        const engine::Blueprint blueprint{model.network,
                                          model.checkpoint,
                                          window,
                                          options.precision,
                                          model.config.int8_quads,
                                          options.device_index,
                                          executor_.memory_limit(),
                                          watched,
                                          warn_};
        encoder_ = options.device == Device::automatic
                       ? make_where_it_can_be(blueprint, options.log)
                       : make_on(options.device, blueprint);
      });
    });
  }

  // Of an encoder that nobody took: on a CPU no more of its weights are read.
  ~EncoderToBe() {
    nobody_waits_.cancel();
    making_.reset();
    unmake(std::move(encoder_), executor_);
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
  CancelToken nobody_waits_;
  std::unique_ptr<engine::Encoder> encoder_;
  std::optional<runtime::Executor::Pending> making_;
};

std::string summary(const std::filesystem::path& folder, const Info& info) {
  return fmt::format("{}: {} parameters, {} weights, window of {} tokens, on {} ({}), {} threads",
                     folder.string(), info.parameters, info.weights, info.max_tokens, info.device,
                     info.isa, info.threads);
}

// The rotary frequencies are made here, and have the bits of nobody's rounding but the default.
model::Model read_model(const std::filesystem::path& folder) {
  const runtime::DefaultFloats as_by_default;
  return model::read_model(folder);
}

}  // namespace

// Weights that are not finite, or an engine that does not work here, show now and not in a call.
void Reranker::Impl::check_forward(const std::filesystem::path& folder) const {
  const std::vector<batch::Sequence> two_tokens{
      {{0, 0}, 0, 0, 0, frame.ids.typed ? std::size_t{1} : 0}};
  if (!affordable(two_tokens))
    throw Error(ErrorCode::out_of_memory,
                fmt::format("{}: memory_limit is {}, at least {} wanted for two tokens",
                            folder.string(), encoder->memory_limit(), plan(2, 1)));
  Usage ignored;
  std::vector<float> logits(1);
  executor->run([&](runtime::Crew& crew) { pass(crew, two_tokens, {0}, logits, ignored); });
  const float logit = logits.front();
  if (!std::isfinite(logit))
    throw Error(ErrorCode::model_invalid,
                fmt::format("{}: a forward pass of two tokens gives {} in {}, a finite logit "
                            "wanted: are all weights finite?",
                            folder.string(), logit, info.precision));
}

std::shared_ptr<const Reranker::Impl> Reranker::Impl::load(const std::filesystem::path& folder,
                                                           const LoadOptions& options) {
  require_known("device", options.device, Device::cuda);
  require_known("precision", options.precision, Precision::fp8);
  require_folder(folder);
  const model::Model model = read_model(folder);
  const model::Config& config = model.config;

  const Runtime runtime = options.runtime ? *options.runtime : Runtime::process();
  const std::size_t window = choose_window(config, options.max_tokens);
  EncoderToBe encoder(model, window, options, *detail::RuntimeAccess::executor(runtime));

  const text::NamedText json = read_tokenizer_json(folder);
  auto impl = std::make_shared<Impl>(make_tokenizer(folder, json, config.vocab_size), runtime);
  impl->max_tokens = window;
  impl->frame = make_frame(impl->tokenizer, model, folder);
  impl->min_tokens = least_window(impl->tokenizer, impl->frame, folder);
  require_room(impl->min_tokens, window, options.max_tokens, config.long_passages, folder);
  impl->config = config;
  impl->encoder = encoder.take();

  impl->info = impl->describe(model, json.text);
  impl->check_forward(folder);
  runtime::end_jobs_at_exit(impl->info.device == "cpu" ? Device::cpu : Device::cuda,
                            runtime::Made::by_computing);
  if (options.log) options.log(LogLevel::info, summary(folder, impl->info));
  return impl;
}

Reranker Reranker::load(const std::filesystem::path& folder, const LoadOptions& options) {
  return runtime::guarded([&] { return Reranker(Impl::load(folder, options)); });
}

}  // namespace v4
}  // namespace reranker
