#include "model/json.hpp"
#include "model/llama_config.hpp"
#include "model/model.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/files.hpp"

using reranker::ErrorCode;
using reranker::Overflow;
using namespace reranker::model;

// A config of the published form; `more` goes behind it, so that its keys count.
static std::string config_json(const std::string& more) {
  return R"({"architectures":["LlamaBidirectionalForSequenceClassification"],)"
         R"("model_type":"llama_bidirec","pooling":"avg","hidden_size":64,"intermediate_size":112,)"
         R"("num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,)"
         R"("vocab_size":300,"max_position_embeddings":512,"rms_norm_eps":1e-05,)"
         R"("id2label":{"0":"LABEL_0"},"hidden_act":"silu","rope_theta":500000.0)" +
         (more.empty() ? "" : "," + more.substr(0, more.size() - 1)) + "}";
}

static LlamaConfig read(const std::string& text) {
  const TemporaryFolder folder;
  folder.write("config.json", text);
  return read_llama_config(JsonFile(folder.path() / "config.json").root());
}

static void check_refused(const std::string& more, ErrorCode code, const std::string& part) {
  const TemporaryFolder folder;
  folder.write("config.json", config_json(more));
  check_error(code, part, [&] { read_model(folder.path()); });
}

TEST_CASE("a config is read in the published form", "[config]") {
  const auto config = read(config_json(R"("rope_scaling":{"rope_type":"llama3","factor":32.0,)"
                                       R"("low_freq_factor":1.0,"high_freq_factor":4.0,)"
                                       R"("original_max_position_embeddings":8192},)"));
  CHECK(config.head_dim == 16);
  CHECK(config.temperature == 1.0);
  CHECK(config.rope.type == RopeType::llama3);
  CHECK(config.rope.theta == 500000.0);
  CHECK(config.rope.factor == 32.0);
  CHECK_FALSE(config.fusion);
  CHECK_FALSE(config.calibration);
}

TEST_CASE("a config may have rope_parameters, a temperature and a fusion", "[config]") {
  const auto config =
      read(config_json(R"("rope_parameters":{"type":"linear","rope_theta":10000,"factor":2},)"
                       R"("temperature":0.5,"head_dim":32,)"
                       R"("first_stage":{"max_weight":0.25,"zscore_weight":0.5},)"));
  CHECK(config.rope.type == RopeType::linear);
  CHECK(config.rope.theta == 10000.0);
  CHECK(config.temperature == 0.5);
  CHECK(config.head_dim == 32);
  REQUIRE(config.fusion);
  CHECK(config.fusion->max_weight == 0.25);
  CHECK(config.fusion->zscore_weight == 0.5);
}

TEST_CASE("a config may map logits and fused scores to probabilities", "[config]") {
  const std::string logit = R"("logit":{"slope":0.25,"offset":-1})";
  const auto alone = read(config_json(R"("calibration":{)" + logit + "},"));
  REQUIRE(alone.calibration);
  CHECK(alone.calibration->logit.slope == 0.25);
  CHECK(alone.calibration->logit.offset == -1.0);

  const auto scripts = read(config_json(
      R"("first_stage":{"max_weight":1,"other_scripts":{"max_weight":3,"zscore_weight":2}},)"
      R"("calibration":{)" +
      logit + R"(,"fused":{"slope":0.5,"offset":-4},)" +
      R"("fused_other_scripts":{"slope":2,"offset":-9}},)"));
  REQUIRE(scripts.fusion_other_scripts);
  CHECK(scripts.fusion_other_scripts->max_weight == 3.0);
  CHECK(scripts.fusion_other_scripts->zscore_weight == 2.0);
  CHECK(scripts.calibration->fused.slope == 0.5);
  CHECK(scripts.calibration->fused_other_scripts.slope == 2.0);

  const auto both = read(config_json(R"("first_stage":{"max_weight":1},"calibration":{)" + logit +
                                     R"(,"fused":{"slope":0.5,"offset":-4}},)"));
  REQUIRE(both.calibration);
  CHECK(both.calibration->logit.slope == 0.25);
  CHECK(both.calibration->fused.slope == 0.5);
  CHECK(both.calibration->fused.offset == -4.0);
}

TEST_CASE("a calibration that is not one is refused", "[config]") {
  const auto refused = [](const std::string& logit, const std::string& part) {
    check_refused(R"("calibration":{"logit":)" + logit + "},", ErrorCode::model_invalid, part);
  };
  refused(R"({"slope":-0.5,"offset":0})",
          "calibration: logit: \"slope\" is -0.5, a number above 0 wanted");
  refused(R"({"slope":0,"offset":0})", "\"slope\" is 0, a number above 0 wanted");
  refused(R"({"slope":"1","offset":0})", "\"slope\" is \"1\", a number wanted");
  refused(R"({"slope":1})", "\"offset\" is missing, a number wanted");
  refused(R"({"offset":1})", "\"slope\" is missing, a number wanted");
  refused("[1,0]", "calibration: \"logit\" is [1,0], an object wanted");
  refused("null", "\"logit\" is missing");
  refused(R"({"slope":1,"offset":0},"fused":{"slope":1,"offset":0})",
          "\"fused\" is given, no such map wanted without \"first_stage\"");
  check_refused(R"("first_stage":{"max_weight":1},"calibration":{"logit":{"slope":1,"offset":0}},)",
                ErrorCode::model_invalid, "calibration: \"fused\" is missing");
  const std::string both =
      R"("calibration":{"logit":{"slope":1,"offset":0},"fused":{"slope":1,"offset":0})";
  check_refused(R"("first_stage":{"max_weight":1,"other_scripts":{"max_weight":3}},)" + both + "},",
                ErrorCode::model_invalid, "calibration: \"fused_other_scripts\" is missing");
  check_refused(R"("first_stage":{"max_weight":1},)" + both +
                    R"(,"fused_other_scripts":{"slope":1,"offset":0}},)",
                ErrorCode::model_invalid,
                "\"fused_other_scripts\" is given, no such map wanted without \"other_scripts\"");
  check_refused(R"("first_stage":{"max_weight":1,"other_scripts":{"max_weight":"a"}},)",
                ErrorCode::model_invalid,
                "first_stage: other_scripts: \"max_weight\" is \"a\", a number wanted");
  const std::string neither = "neither \"max_weight\" nor \"zscore_weight\" is there";
  check_refused(R"("first_stage":{},)", ErrorCode::model_invalid, neither);
  check_refused(R"("first_stage":{"max_weight":1,"other_scripts":{}},)", ErrorCode::model_invalid,
                "first_stage: other_scripts: " + neither);
  check_refused(R"("calibration":true,)", ErrorCode::model_invalid,
                "\"calibration\" is true, an object wanted");
}

TEST_CASE("a config may say how long passages are read", "[config]") {
  const auto silent = read(config_json("")).long_passages;
  CHECK(silent.overflow == Overflow::truncate);
  CHECK(silent.chunks.most == 1);

  const auto chunked =
      read(config_json(R"("long_passages":{"overflow":"chunk","max_chunks":3},)")).long_passages;
  CHECK(chunked.overflow == Overflow::chunk);
  CHECK(chunked.chunks.most == 3);
  CHECK(chunked.chunks.tokens == 0);
  CHECK_FALSE(chunked.has_articles());
  CHECK(
      read(config_json(R"("long_passages":{"overflow":"chunk","max_chunks":3,"chunk_tokens":64},)"))
          .long_passages.chunks.tokens == 64);

  const auto cut = read(config_json(R"("long_passages":{"overflow":"truncate"},)")).long_passages;
  CHECK(cut.overflow == Overflow::truncate);
  CHECK(cut.chunks.most == 1);

  const auto articles = read(config_json(R"("long_passages":{"overflow":"chunk","max_chunks":3,
      "articles":{"over_tokens":1536,"max_chunks":6,"chunk_tokens":128}},)"))
                            .long_passages;
  CHECK(articles.chunks.most == 3);
  CHECK(articles.article_tokens == 1536);
  CHECK(articles.article_chunks.most == 6);
  CHECK(articles.article_chunks.tokens == 128);
}

TEST_CASE("a way to read long passages that is not one is refused", "[config]") {
  const auto refused = [](const std::string& value, const std::string& part) {
    check_refused(R"("long_passages":)" + value + ",", ErrorCode::model_invalid, part);
  };
  refused(R"({"overflow":"fail"})",
          "long_passages: \"overflow\" is fail, \"chunk\" or \"truncate\" wanted");
  refused(R"({"max_chunks":3})", "\"overflow\" is not given");
  refused(R"({"overflow":2})", "\"overflow\" is 2, a string wanted");
  refused(R"({"overflow":"chunk"})", "\"max_chunks\" is missing");
  refused(R"({"overflow":"chunk","max_chunks":0})", "\"max_chunks\" is 0");
  refused(R"({"overflow":"chunk","max_chunks":2.5})", "\"max_chunks\" is 2.5");
  refused(R"({"overflow":"truncate","max_chunks":3})",
          "\"max_chunks\" is given, none wanted where passages are cut");
  refused(R"({"overflow":"truncate","articles":{}})", "\"articles\" is given, none wanted");
  refused(R"({"overflow":"chunk","max_chunks":3,"articles":{"max_chunks":3}})",
          "long_passages: articles: \"over_tokens\" is missing");
  refused(R"({"overflow":"chunk","max_chunks":3,"articles":{"over_tokens":9}})",
          "long_passages: articles: \"max_chunks\" is missing");
  refused(R"({"overflow":"chunk","max_chunks":3,"articles":3})",
          "\"articles\" is 3, an object wanted");
  refused(R"({"overflow":"truncate","chunk_tokens":64})", "\"chunk_tokens\" is given");
  refused(R"({"overflow":"chunk","max_chunks":3,"chunk_tokens":0})", "\"chunk_tokens\" is 0");
  refused(R"({"overflow":"chunk","max_chunks":3,"chunk_tokens":"64"})",
          "\"chunk_tokens\" is \"64\", an integer wanted");
  refused(R"("chunk")", "\"long_passages\" is \"chunk\", an object wanted");
}

TEST_CASE("a config that asks for other arithmetic is refused by name", "[config]") {
  const auto unsupported = ErrorCode::unsupported;
  check_refused(R"("pooling":"last",)", unsupported, "\"pooling\" is \"last\", \"avg\" wanted");
  check_refused(R"("hidden_act":"gelu",)", unsupported, "\"hidden_act\" is \"gelu\"");
  check_refused(R"("attention_bias":true,)", unsupported, "\"attention_bias\" is true");
  check_refused(R"("mlp_bias":true,)", unsupported, "\"mlp_bias\" is true");
  check_refused(R"("num_labels":3,)", unsupported, "\"num_labels\" is 3");
  check_refused(R"("id2label":{"0":"a","1":"b"},)", unsupported, "\"id2label\" is 2");
  check_refused(R"("rope_scaling":{"type":"yarn","factor":4},)", unsupported, "\"yarn\"");
  check_refused(R"("quantization_config":{"bits":4},)", unsupported, "quantization_config");
  check_refused(R"("partial_rotary_factor":0.5,)", unsupported, "partial_rotary_factor");
  check_refused(R"("model_type":"bert",)", unsupported, "\"model_type\" is \"bert\"");
  check_refused(R"("architectures":["LlamaForSequenceClassification"],)", unsupported,
                "LlamaForSequenceClassification");
}

TEST_CASE("a config whose numbers make no sense is refused", "[config]") {
  const auto invalid = ErrorCode::model_invalid;
  check_refused(R"("hidden_size":"64",)", invalid, "\"hidden_size\" is \"64\", an integer wanted");
  check_refused(R"("hidden_size":-1,)", invalid, "\"hidden_size\" is -1");
  check_refused(R"("num_hidden_layers":100000,)", invalid, "1 to 1024 wanted");
  check_refused(R"("num_key_value_heads":3,)", invalid, "4 attention heads over 3");
  check_refused(R"("num_attention_heads":5,"num_key_value_heads":5,)", invalid, "over 5 heads");
  check_refused(R"("head_dim":17,)", invalid, "an even number of at most 512 wanted");
  check_refused(R"("head_dim":514,)", invalid, "\"head_dim\" is 514, 2 to 512 wanted");
  check_refused(R"("hidden_size":2056,"num_attention_heads":4,"num_key_value_heads":4,)", invalid,
                "head_dim is 514, an even number of at most 512 wanted");
  check_refused(R"("temperature":0,)", invalid, "\"temperature\" is 0");
  check_refused(R"("temperature":1e-300,)", invalid, "\"temperature\" is 1e-300, a number above 0");
  check_refused(R"("rms_norm_eps":1e300,)", invalid, "\"rms_norm_eps\" is 1e+300");
  check_refused(R"("rope_scaling":{"type":"llama3"},)", invalid, "\"factor\" is missing");
  check_refused(R"("rope_scaling":{"factor":2.0},)", invalid,
                "rope_scaling: \"rope_type\" is missing beside \"factor\"");
  check_refused(R"("rope_parameters":{"rope_type":null,"full_attention":{"rope_type":"yarn"}},)",
                invalid, "\"rope_type\" is missing beside \"full_attention\"");
  check_refused(R"("architectures":[],)", invalid, "\"architectures\" is [], a list of one name");
  check_refused(R"("vocab_size":null,)", invalid, "\"vocab_size\" is missing");
  check_error(invalid, "not JSON", [] { read("{"); });
  check_refused(R"("seed":1000000000000000019884624838656,)", invalid, "an integer beyond 64 bits");
  check_refused(R"("seed":Infinity,)", invalid, "not JSON: Infinity found, numbers wanted");
  check_refused(R"("seeds":[1, -NaN],)", invalid, "not JSON: NaN found, numbers wanted");
  check_refused(R"("name":"a \" of NaN, Infinity",,)", invalid, "commas");
  check_error(ErrorCode::model_not_found, "config.json",
              [] { read_model(TemporaryFolder().path()); });
}

// Recorded from transformers 5.24.0, ROPE_INIT_FUNCTIONS["llama3"] on CPU, with the published
// model's rope_scaling: where two roundings meet, the exact value rounded once is another float.
TEST_CASE("llama3 frequencies have transformers' bits", "[config]") {
  Rope rope;
  rope.type = RopeType::llama3;
  rope.theta = 500000.0;
  rope.factor = 32.0;
  const std::vector<float> wanted = {1.0f,
                                     0.663601279f,
                                     0.440366626f,
                                     0.292227834f,
                                     0.193922758f,
                                     0.128687382f,
                                     0.0853971019f,
                                     0.0566696189f,
                                     0.0376060307f,
                                     0.0249554086f,
                                     0.0165604409f,
                                     0.0109895291f,
                                     0.00729266508f,
                                     0.00483942125f,
                                     0.00321144611f,
                                     0.00129054801f,
                                     0.000429556705f,
                                     9.70828623e-05f,
                                     1.94616387e-05f,
                                     1.29147675e-05f,
                                     8.57025589e-06f,
                                     5.68723226e-06f,
                                     3.77405445e-06f,
                                     2.50446715e-06f,
                                     1.66196742e-06f,
                                     1.10288363e-06f,
                                     7.31874934e-07f,
                                     4.85673127e-07f,
                                     3.22293289e-07f,
                                     2.1387423e-07f,
                                     1.41927202e-07f,
                                     9.41830649e-08f};
  CHECK(inverse_frequencies(rope, 64) == wanted);
}

// As above, ROPE_INIT_FUNCTIONS["linear"] and the default, theta 10000.
TEST_CASE("plain and linear frequencies have transformers' bits", "[config]") {
  Rope rope;
  CHECK(inverse_frequencies(rope, 16) ==
        std::vector<float>{1.0f, 0.316227764f, 0.100000001f, 0.0316227786f, 0.00999999978f,
                           0.00316227786f, 0.00100000005f, 0.000316227786f});
  rope.type = RopeType::linear;
  rope.factor = 3.0;
  CHECK(inverse_frequencies(rope, 16) ==
        std::vector<float>{0.333333343f, 0.105409257f, 0.0333333351f, 0.0105409259f, 0.00333333318f,
                           0.00105409266f, 0.000333333359f, 0.000105409265f});
}

TEST_CASE("llama3 frequencies want all of their numbers", "[config]") {
  const auto refused = [](const std::string& numbers, const std::string& part) {
    check_refused(R"("rope_scaling":{"type":"llama3","factor":32)" + numbers + "},",
                  ErrorCode::model_invalid, "rope_scaling: " + part);
  };
  refused("", "\"low_freq_factor\" is missing, a number wanted");
  refused(R"(,"low_freq_factor":1)", "\"high_freq_factor\" is missing");
  refused(R"(,"low_freq_factor":1,"high_freq_factor":4)",
          "\"original_max_position_embeddings\" is missing");
  refused(R"(,"low_freq_factor":4,"high_freq_factor":4,"original_max_position_embeddings":64)",
          "\"high_freq_factor\" is 4, more than the low_freq_factor of 4 wanted");
}

TEST_CASE("what two keys say of rope is the same, or refused", "[config]") {
  const std::string linear = R"({"type":"linear","factor":2})";
  const auto both = [&](const std::string& parameters) {
    return R"("rope_scaling":)" + linear + R"(,"rope_parameters":)" + parameters + ",";
  };
  CHECK(read(config_json(both(R"({"rope_type":"linear","factor":2,"rope_theta":5e5})")))
            .rope.factor == 2.0);
  check_refused(both(R"({"rope_type":"default"})"), ErrorCode::unsupported,
                "\"rope_scaling\" is other than \"rope_parameters\"");
  check_refused(both(R"({"rope_type":"linear","factor":2,"rope_theta":1e4})"),
                ErrorCode::unsupported, "\"rope_scaling\" is other than");
  check_refused(R"("rope_parameters":{"rope_type":"default","partial_rotary_factor":0.5},)",
                ErrorCode::unsupported, "\"partial_rotary_factor\" is 0.5, 1 wanted");
  check_refused(R"("original_max_position_embeddings":64,"rope_scaling":{"type":"llama3",)"
                R"("factor":32,"low_freq_factor":1,"high_freq_factor":4,)"
                R"("original_max_position_embeddings":8192},)",
                ErrorCode::unsupported, "\"original_max_position_embeddings\" is 64, 8192");
}

TEST_CASE("a key of ours that is misspelt is refused by name", "[config]") {
  const auto refused = [](const std::string& more, const std::string& part) {
    check_refused(more + ",", ErrorCode::model_invalid, part);
  };
  refused(R"("first_stage":{"max_weight":1,"zscore_wieght":3})",
          "first_stage: \"zscore_wieght\" is unknown, of max_weight, zscore_weight, other_scripts");
  refused(R"("first_stage":{"max_weight":1,"other_scripts":{"zscore":3}})",
          "other_scripts: \"zscore\" is unknown");
  refused(R"("long_passages":{"overflow":"chunk","max_chunks":3,"chunk_token":64})",
          "\"chunk_token\" is unknown");
  refused(R"("long_passages":{"overflow":"chunk","max_chunks":3,)"
          R"("articles":{"over_tokens":9,"max_chunks":1,"tokens":3}})",
          "articles: \"tokens\" is unknown");
  refused(R"("calibration":{"logits":{"slope":1,"offset":0}})", "\"logits\" is unknown");
  refused(R"("calibration":{"logit":{"slope":1,"offset":0,"bias":0}})", "\"bias\" is unknown");
}

TEST_CASE("a folder made for int8 says so, and no other way of it is known", "[config]") {
  CHECK_FALSE(read(config_json("")).int8_quads);
  CHECK(read(config_json(R"("int8_weights":"quads",)")).int8_quads);
  const auto refused = [](const std::string& value, const std::string& part) {
    check_refused(R"("int8_weights":)" + value + ",", ErrorCode::model_invalid, part);
  };
  refused(R"("full")", "\"int8_weights\" is full, \"quads\" wanted");
  refused("true", "\"int8_weights\" is true, a string wanted");
}

TEST_CASE("of a key that is there twice the last counts, as in Python", "[config]") {
  const auto config =
      read(config_json(R"("temperature":2.0,"temperature":4.0,"head_dim":8,"head_dim":null,)"));
  CHECK(config.temperature == 4.0);
  CHECK(config.head_dim == 16);
}
