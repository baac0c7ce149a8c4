#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "api/model.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"

using reranker::Precision;
using reranker::Reranker;

namespace {

struct Kind {
  std::string isa;
  Precision precision;
};

// None where this machine, or its kernels, cannot.
template <typename Load>
std::optional<Reranker> if_there(const Load& load) {
  try {
    return load();
  } catch (const reranker::Error& error) {
    REQUIRE(error.code() == reranker::ErrorCode::unsupported);
    WARN("skipped: " << error.what());
    return std::nullopt;
  }
}

std::optional<Reranker> load(const Kind& kind, std::size_t threads) {
  const Isa isa(kind.isa);
  return if_there([&] { return load_tiny(in(kind.precision, threads)); });
}

// From passage `first` on, and around.
std::vector<std::string> turned(std::vector<std::string> passages, std::size_t first) {
  std::rotate(passages.begin(), passages.begin() + static_cast<std::ptrdiff_t>(first),
              passages.end());
  return passages;
}

}  // namespace

TEST_CASE("callers at the same time get each pair's bits, in every precision on every kernel",
          "[sameness]") {
  const Kind kind{
      GENERATE("generic", "avx2", "avx2_vnni", "avx512", "avx512_vnni", "avx512_bf16", "amx"),
      GENERATE(Precision::fp32, Precision::int8, Precision::bf16)};
  CAPTURE(kind.isa, static_cast<int>(kind.precision));
  const auto model = load(kind, 2);
  if (!model) return;
  const auto single = load(kind, 1);
  const auto passages = many_passages();
  std::vector<float> alone;
  for (const auto& passage : passages) alone.push_back(single->score("why", {passage})[0]);

  std::vector<std::vector<float>> results(4);
  std::vector<std::thread> callers;
  for (std::size_t i = 0; i < results.size(); ++i)
    callers.emplace_back([&, i] { results[i] = model->score("why", turned(passages, 7 * i)); });
  for (auto& caller : callers) caller.join();
  for (std::size_t i = 0; i < results.size(); ++i)
    for (std::size_t j = 0; j < passages.size(); ++j) {
      const float expected = alone[(7 * i + j) % passages.size()];
      CHECK(std::memcmp(&results[i][j], &expected, sizeof expected) == 0);
    }
}

TEST_CASE("models of equal fingerprints give equal scores", "[sameness]") {
  const auto precision = GENERATE(Precision::fp32, Precision::int8, Precision::bf16);
  std::map<std::string, std::vector<float>> scores;  // by fingerprint
  for (const char* isa :
       {"generic", "avx2", "avx2_vnni", "avx512", "avx512_vnni", "avx512_bf16", "amx"}) {
    const auto model = load({isa, precision}, 1);
    if (!model) continue;
    const auto found = model->score("why", many_passages());
    const auto& expected = scores.emplace(model->info().fingerprint, found).first->second;
    CAPTURE(isa);
    CHECK(std::memcmp(found.data(), expected.data(), found.size() * sizeof(float)) == 0);
  }
  if (precision == Precision::fp32) CHECK(scores.size() == 1);
}

namespace {

// The tiny model with a config.json that says it was made for int8.
class MadeForInt8 {
 public:
  MadeForInt8() {
    const std::filesystem::path source = std::getenv("RERANKER_TINY_MODEL");
    for (const auto& file : std::filesystem::directory_iterator(source))
      std::filesystem::copy(file.path(), folder_.path() / file.path().filename());
    std::ifstream config(source / "config.json");
    const std::string text{std::istreambuf_iterator<char>(config), {}};
    folder_.write("config.json", "{\"int8_weights\": \"quads\"," + text.substr(text.find('{') + 1));
  }

  Reranker load(const std::string& kernels, Precision precision = Precision::int8) const {
    const Isa isa(kernels);
    auto options = in(precision);
    options.device = reranker::Device::cpu;
    return Reranker::load(folder_.path(), options);
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("a folder made for int8 is read in fp32 unless int8 is asked for", "[sameness]") {
  CHECK(MadeForInt8().load("", Precision::automatic).info().precision == "fp32");
}

TEST_CASE("a folder made for int8 has the same scores on kernels with and without its instructions",
          "[sameness]") {
  const MadeForInt8 folder;
  CHECK(folder.load("generic").info().weights == "int8 quads");  // not all steps that it has
  const auto wanted = folder.load("avx2").score("why", many_passages());
  for (const char* kernels : {"avx2_vnni", "avx512", "avx512_vnni"}) {
    CAPTURE(kernels);
    const auto model = if_there([&] { return folder.load(kernels); });
    if (model) CHECK(model->score("why", many_passages()) == wanted);
  }
}
