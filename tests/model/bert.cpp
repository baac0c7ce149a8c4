#include "model/bert.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "model/model.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/files.hpp"

using reranker::ErrorCode;
using namespace reranker::model;

static const std::string kPairCosine =
    R"("architectures":["BertPairCosineForSequenceClassification"],)";

// One layer of 2 heads of 3; `more` goes behind it, so that its keys count.
static std::string config_json(const std::string& more = {}) {
  return R"({"architectures":["BertForSequenceClassification"],"model_type":"bert",)"
         R"("hidden_size":6,"intermediate_size":8,"num_hidden_layers":1,"num_attention_heads":2,)"
         R"("vocab_size":9,"max_position_embeddings":5,"type_vocab_size":2,)"
         R"("hidden_act":"gelu","id2label":{"0":"LABEL_0"})" +
         (more.empty() ? "" : "," + more.substr(0, more.size() - 1)) + "}";
}

namespace {

// Tensors of zeros, in a file that is written when all are there.
class Weights {
 public:
  explicit Weights(const std::string& prefix) {
    add(prefix + "embeddings.word_embeddings.weight", "9,6", 54);
    add(prefix + "embeddings.position_embeddings.weight", "5,6", 30);
    add(prefix + "embeddings.token_type_embeddings.weight", "2,6", 12);
    both(prefix + "embeddings.LayerNorm", "6", 6);
    const std::string layer = prefix + "encoder.layer.0.";
    for (const char* part : {"query", "key", "value"})
      linear(layer + "attention.self." + part, 6, 6);
    linear(layer + "attention.output.dense", 6, 6);
    both(layer + "attention.output.LayerNorm", "6", 6);
    linear(layer + "intermediate.dense", 8, 6);
    linear(layer + "output.dense", 6, 8);
    both(layer + "output.LayerNorm", "6", 6);
    linear("classifier", 1, 6);
  }

  Weights& with_pooler(const std::string& prefix) {
    linear(prefix + "pooler.dense", 6, 6);
    return *this;
  }

  Weights& with_cosine(const std::string& shape = "1") {
    add("cosine_scale", shape, 1);
    return *this;
  }

  void add(const std::string& name, const std::string& shape, std::size_t count,
           const char* dtype = "F32") {
    const std::size_t bytes = count * (std::string(dtype) == "I64" ? 8 : 4);
    header_ += fmt::format(R"({}"{}":{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})",
                           header_.empty() ? "" : ",", name, dtype, shape, end_, end_ + bytes);
    end_ += bytes;
  }

  // Names of before 2019.
  Weights& with_old_norms() {
    for (const auto& [name, old] : {std::pair{"LayerNorm.weight", "LayerNorm.gamma"},
                                    std::pair{"LayerNorm.bias", "LayerNorm.beta"}})
      for (std::size_t at; (at = header_.find(name)) != std::string::npos;)
        header_.replace(at, std::string(name).size(), old);
    return *this;
  }

  std::string file() const { return safetensors("{" + header_ + "}", std::string(end_, '\0')); }

 private:
  void both(const std::string& name, const std::string& shape, std::size_t count) {
    add(name + ".weight", shape, count);
    add(name + ".bias", shape, count);
  }

  void linear(const std::string& name, std::size_t rows, std::size_t cols) {
    add(name + ".weight", fmt::format("{},{}", rows, cols), rows * cols);
    add(name + ".bias", fmt::format("{}", rows), rows);
  }

  std::string header_;
  std::size_t end_ = 0;
};

Model read(const std::string& config, const Weights& weights) {
  const TemporaryFolder folder;
  folder.write("config.json", config);
  folder.write("model.safetensors", weights.file());
  return read_model(folder.path());
}

const Weight& find(const Network& network, const std::string& attribute) {
  return *std::find_if(network.weights.begin(), network.weights.end(),
                       [&](const Weight& weight) { return weight.attribute == attribute; });
}

void check_refused(const std::string& more, ErrorCode code, const std::string& part) {
  check_error(code, part, [&] { read(config_json(more), Weights("bert.").with_pooler("bert.")); });
}

}  // namespace

TEST_CASE("a BERT folder is read with the prefix in its names or without", "[bert]") {
  const std::string prefix = GENERATE("bert.", "");
  const auto model = read(config_json(), Weights(prefix).with_pooler(prefix));
  CHECK(model.config.architecture == "BertForSequenceClassification");
  CHECK(model.config.num_kv_heads == 2);
  CHECK(model.config.head_dim == 3);
  CHECK(model.config.num_token_types == 2);
  CHECK(model.framing == Framing::pair);
  CHECK(model.network.numbers.at("eps") == 1e-12);
  CHECK(model.network.weights.size() == 21);
  const Weight& qkv = find(model.network, "qkv");
  CHECK(qkv.rows == 18);
  CHECK(qkv.cols == 6);
  REQUIRE(find(model.network, "qkv_bias").parts.size() == 3);
  CHECK(find(model.network, "qkv_bias").parts[1].name ==
        prefix + "encoder.layer.0.attention.self.key.bias");
}

TEST_CASE("a BERT folder's norms may have the names that they had first", "[bert]") {
  const auto model = read(config_json(), Weights("bert.").with_pooler("bert.").with_old_norms());
  CHECK(find(model.network, "embedding_norm").parts[0].name == "bert.embeddings.LayerNorm.gamma");
  CHECK(find(model.network, "embedding_norm_bias").parts[0].name ==
        "bert.embeddings.LayerNorm.beta");
}

TEST_CASE("a BERT folder's buffers are passed over, and no other tensor is", "[bert]") {
  Weights weights = Weights("bert.").with_pooler("bert.");
  weights.add("bert.embeddings.position_ids", "1,5", 5, "I64");
  CHECK(read(config_json(), weights).network.weights.size() == 21);
  weights.add("cls.predictions.bias", "9", 9);
  check_error(ErrorCode::model_invalid, "cls.predictions.bias is unknown",
              [&] { read(config_json(), weights); });
}

TEST_CASE("a BERT config that asks for other arithmetic is refused by name", "[bert]") {
  const auto unsupported = ErrorCode::unsupported;
  check_refused(R"("hidden_act":"gelu_new",)", unsupported, "\"hidden_act\" is \"gelu_new\"");
  check_refused(R"("position_embedding_type":"relative_key",)", unsupported, "\"relative_key\"");
  check_refused(R"("is_decoder":true,)", unsupported, "\"is_decoder\" is true");
  check_refused(R"("num_labels":2,)", unsupported, "\"num_labels\" is 2");
  check_refused(R"("model_type":"roberta",)", unsupported, "\"roberta\", \"bert\" wanted");
  check_refused(R"("architectures":["BertModel"],)", unsupported, "BertForSequenceClassification");
}

TEST_CASE("a BERT config and weights that do not fit each other are refused", "[bert]") {
  const auto invalid = ErrorCode::model_invalid;
  check_refused(R"("num_attention_heads":4,)", invalid, "hidden_size 6 over 4 heads");
  check_refused(R"("layer_norm_eps":0,)", invalid, "\"layer_norm_eps\" is 0");
  check_refused(R"("type_vocab_size":1,)", invalid,
                "bert.embeddings.token_type_embeddings.weight has shape [2, 6], [1, 6] wanted");
  check_refused(R"("num_hidden_layers":2,)", invalid,
                "bert.encoder.layer.1.attention.self.query.weight is missing");
}

TEST_CASE("a pair-cosine BERT folder is read with a pooler beside its head or without", "[bert]") {
  const std::string prefix = GENERATE("bert.", "");
  Weights weights = Weights(prefix).with_cosine();
  if (GENERATE(false, true)) weights.with_pooler(prefix);
  const auto model = read(config_json(kPairCosine), weights);
  CHECK(model.config.architecture == "BertPairCosineForSequenceClassification");
  CHECK(model.framing == Framing::typed_pair);
  CHECK(model.network.weights.size() == 20);
  CHECK(find(model.network, "head").rows == 6);
  CHECK(find(model.network, "cosine_scale").rows == 1);
}

TEST_CASE("a pair-cosine BERT folder accounts for its head's tensors", "[bert]") {
  const auto check_invalid = [](const Weights& weights, const std::string& part) {
    check_error(ErrorCode::model_invalid, part, [&] { read(config_json(kPairCosine), weights); });
  };
  check_invalid(Weights("bert."), "cosine_scale is missing, shape [1] wanted");
  check_invalid(Weights("bert.").with_cosine("1,1"), "cosine_scale has shape [1, 1], [1] wanted");
  check_error(ErrorCode::model_invalid, "cosine_scale is unknown",
              [&] { read(config_json(), Weights("bert.").with_pooler("bert.").with_cosine()); });
}
