#include <cstring>

#include <sys/stat.h>

#include "model/safetensors.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/files.hpp"

using reranker::ErrorCode;
using reranker::model::Checkpoint;

static void check_refused(const std::string& file, ErrorCode code, const std::string& part) {
  const TemporaryFolder folder;
  folder.write("model.safetensors", file);
  check_error(code, part, [&] { Checkpoint::open(folder.path()); });
}

TEST_CASE("a checkpoint knows type, shape and bytes of its tensors", "[safetensors]") {
  const TemporaryFolder folder;
  folder.write("model.safetensors",
               safetensors(R"({"__metadata__":{"format":"pt"},)"
                           R"("a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},)"
                           R"("b":{"dtype":"BF16","shape":[3],"data_offsets":[8,14]}})",
                           "01234567abcdef"));
  const auto checkpoint = Checkpoint::open(folder.path());
  REQUIRE(checkpoint.tensors().size() == 2);
  const auto& b = checkpoint.tensors().find("b")->second;
  CHECK(b.shape == std::vector<std::int64_t>{3});
  CHECK(b.bytes == 6);

  char bytes[5] = {};
  checkpoint.read(b, 1, 4, bytes);
  CHECK(std::string(bytes) == "bcde");
}

TEST_CASE("a checkpoint may lie in shards that an index names", "[safetensors]") {
  const TemporaryFolder folder;
  folder.write("one.safetensors",
               safetensors(R"({"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}})", "xy"));
  folder.write("two.safetensors",
               safetensors(R"({"b":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}})", "zw"));
  folder.write("model.safetensors.index.json",
               R"({"weight_map":{"a":"one.safetensors","b":"two.safetensors"}})");
  const auto checkpoint = Checkpoint::open(folder.path());
  REQUIRE(checkpoint.tensors().size() == 2);
  CHECK(checkpoint.file_of(checkpoint.tensors().find("b")->second).filename() == "two.safetensors");

  folder.write("model.safetensors.index.json",
               R"({"weight_map":{"a":"one.safetensors","b":"one.safetensors"}})");
  check_error(ErrorCode::model_invalid, "b is said to be in one.safetensors",
              [&] { Checkpoint::open(folder.path()); });
  folder.write("model.safetensors.index.json", R"({"weight_map":{"a":"../one.safetensors"}})");
  check_error(ErrorCode::model_invalid, "a file name wanted",
              [&] { Checkpoint::open(folder.path()); });
}

TEST_CASE("a checkpoint that is not there is not found", "[safetensors]") {
  const TemporaryFolder folder;
  check_error(ErrorCode::model_not_found,
              "model.safetensors: not there, nor model.safetensors.index.json; safetensors wanted",
              [&] { Checkpoint::open(folder.path()); });
}

TEST_CASE("codes own their scales, which are in no other way among the tensors", "[safetensors]") {
  const TemporaryFolder folder;
  folder.write("model.safetensors",
               safetensors(R"({"w":{"dtype":"I8","shape":[2,3],"data_offsets":[0,6]},)"
                           R"("w_scale":{"dtype":"F16","shape":[2,1],"data_offsets":[6,10]},)"
                           R"("v_scale":{"dtype":"F32","shape":[1],"data_offsets":[10,14]}})",
                           "012345abcdefgh"));
  const auto checkpoint = Checkpoint::open(folder.path());
  REQUIRE(checkpoint.tensors().size() == 2);
  CHECK(checkpoint.tensors().find("v_scale")->second.scales == nullptr);
  const auto& codes = checkpoint.tensors().find("w")->second;
  CHECK(codes.bytes == 6);
  REQUIRE(codes.scales != nullptr);
  CHECK(codes.scales->shape == std::vector<std::int64_t>{2, 1});

  char bytes[5] = {};
  checkpoint.read(*codes.scales, 0, 4, bytes);
  CHECK(std::string(bytes) == "abcd");
}

TEST_CASE("codes and scales may lie in different shards", "[safetensors]") {
  const TemporaryFolder folder;
  folder.write("one.safetensors",
               safetensors(R"({"a":{"dtype":"I8","shape":[1,2],"data_offsets":[0,2]}})", "xy"));
  folder.write(
      "two.safetensors",
      safetensors(R"({"a_scale":{"dtype":"F16","shape":[1,2],"data_offsets":[0,4]}})", "zwzw"));
  folder.write("model.safetensors.index.json",
               R"({"weight_map":{"a":"one.safetensors","a_scale":"two.safetensors"}})");
  const auto checkpoint = Checkpoint::open(folder.path());
  REQUIRE(checkpoint.tensors().size() == 1);
  const auto& scales = checkpoint.tensors().begin()->second.scales;
  REQUIRE(scales != nullptr);
  CHECK(checkpoint.file_of(*scales).filename() == "two.safetensors");
}

TEST_CASE("a header that lies about its file is refused", "[safetensors]") {
  const auto entry = [](const std::string& text) { return R"({"a":)" + text + "}"; };
  check_refused("abc", ErrorCode::model_invalid, "3 bytes long");
  check_refused(std::string(8, '\xff'), ErrorCode::model_invalid, "header of");
  check_refused(safetensors("{", ""), ErrorCode::model_invalid, "not JSON");
  check_refused(safetensors("[]", ""), ErrorCode::model_invalid, "a JSON object wanted");
  check_refused(safetensors(entry("3"), ""), ErrorCode::model_invalid, "an object wanted");
  check_refused(safetensors(entry(R"({"dtype":"U8","shape":[1],"data_offsets":[0,1]})"), "x"),
                ErrorCode::unsupported, "dtype is U8");
  check_refused(safetensors(entry(R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})"), "abcd"),
                ErrorCode::model_invalid, "holds -1");
  check_refused(safetensors(entry(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})"), "abcd"),
                ErrorCode::model_invalid, "4 bytes of data, 8 wanted");
  check_refused(safetensors(entry(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})"), "abcd"),
                ErrorCode::model_invalid, "cut short");
  check_refused(safetensors(entry(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})"), "abcd"),
                ErrorCode::model_invalid, "data_offsets");
  check_refused(
      safetensors(entry(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]})"),
                  ""),
      ErrorCode::model_invalid, "absurdly large");
  check_refused(
      safetensors(entry(R"({"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]})"),
                  "abcd"),
      ErrorCode::model_invalid, "\"shape\" holds 9 numbers, at most 8 wanted");
}

TEST_CASE("a checkpoint's tensors share no byte and leave none out", "[safetensors]") {
  const auto refused = [](const std::string& a, const std::string& b, const std::string& part) {
    check_refused(safetensors(R"({"a":{"dtype":"F16","shape":[2],"data_offsets":)" + a +
                                  R"(},"b":{"dtype":"F16","shape":[1],"data_offsets":)" + b + "}}",
                              "abcdef"),
                  ErrorCode::model_invalid, part);
  };
  refused("[0,4]", "[0,2]", "a: data begin at byte 0, 2 wanted");
  refused("[0,4]", "[2,4]", "b: data begin at byte 2, 4 wanted");
  refused("[2,6]", "[4,6]", "a: data begin at byte 2, 0 wanted");
  refused("[2,6]", "[2,4]", "b: data begin at byte 2, 0 wanted");
  check_refused(safetensors(R"({"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}})", "abc"),
                ErrorCode::model_invalid, "1 bytes behind the data of the last tensor");

  // Integers that are passed over have their place all the same.
  const TemporaryFolder folder;
  folder.write("model.safetensors",
               safetensors(R"({"embeddings.position_ids":{"dtype":"I64","shape":[1],)"
                           R"("data_offsets":[0,8]},)"
                           R"("a":{"dtype":"F16","shape":[1],"data_offsets":[8,10]}})",
                           "0123456789"));
  CHECK(Checkpoint::open(folder.path()).tensors().size() == 1);
}

TEST_CASE("a pipe in a checkpoint's place is refused, not waited for", "[safetensors]") {
  const TemporaryFolder folder;
  REQUIRE(::mkfifo((folder.path() / "model.safetensors").c_str(), 0600) == 0);
  check_error(ErrorCode::model_not_found, "not a regular file",
              [&] { Checkpoint::open(folder.path()); });
}
