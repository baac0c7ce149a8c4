#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include <reranker/error.hpp>

#include "recorded.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "text/frame.hpp"

using namespace reranker;
using namespace reranker::text;

namespace {

// A tokenizer of two letters, as small as one can be.
const std::string kSmall = R"({
  "version": "1.0",
  "added_tokens": [{"id": 3, "content": "<s>", "single_word": false, "lstrip": false,
                    "rstrip": false, "normalized": false, "special": true}],
  "normalizer": null,
  "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
  "post_processor": null,
  "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
            "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]}
})";

// A WordPiece tokenizer, as small as one can be.
const std::string kBert = R"({
  "version": "1.0",
  "added_tokens": [{"id": 0, "content": "[UNK]", "single_word": false, "lstrip": false,
                    "rstrip": false, "normalized": false, "special": true}],
  "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                 "strip_accents": null, "lowercase": true},
  "pre_tokenizer": {"type": "BertPreTokenizer"},
  "post_processor": {"type": "BertProcessing", "sep": ["a", 1], "cls": ["[UNK]", 0]},
  "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 4, "vocab": {"[UNK]": 0, "a": 1, "##b": 2, "\u00e9": 3}}
})";

std::string replace(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != text.npos);
  return text.replace(at, from.size(), to);
}

class File {
 public:
  explicit File(const std::string& text) { folder_.write("tokenizer.json", text); }
  std::filesystem::path path() const { return folder_.path() / "tokenizer.json"; }

 private:
  TemporaryFolder folder_;
};

std::vector<TokenId> encode(const std::string& file, std::string_view text) {
  const Tokenizer tokenizer = Tokenizer::load(File(file).path());
  Tokenizer::Scratch scratch;
  std::vector<TokenId> ids;
  tokenizer.encode(text, SpecialTokens::match, scratch, ids);
  return ids;
}

struct Failure {
  ErrorCode code;
  std::string message;  // without the file's name
};

Failure load_failure(const std::string& text) {
  const File file(text);
  try {
    Tokenizer::load(file.path());
  } catch (const Error& error) {
    const std::string message = error.what(), name = file.path().string();
    REQUIRE(message.substr(0, name.size()) == name);
    return {error.code(), message.substr(name.size())};
  }
  return {ErrorCode::internal, "no error"};
}

void check_refused(const std::string& file, const std::string& from, const std::string& to,
                   ErrorCode code, const std::string& message) {
  const Failure failure = load_failure(replace(file, from, to));
  CAPTURE(from, to);
  CHECK(failure.code == code);
  CHECK(failure.message == message);
}

void check_invalid(const std::string& from, const std::string& to, const std::string& message) {
  check_refused(kSmall, from, to, ErrorCode::model_invalid, message);
}

void check_unsupported(const std::string& from, const std::string& to, const std::string& message) {
  check_refused(kSmall, from, to, ErrorCode::unsupported, message);
}

}  // namespace

TEST_CASE("a small tokenizer.json loads", "[tokenizer_file]") {
  CHECK(encode(kSmall, "abba<s>") == std::vector<TokenId>{2, 1, 0, 3});
}

TEST_CASE("a tokenizer.json that is not there is named", "[tokenizer_file]") {
  const auto check = [](const std::string& path, const std::string& message) {
    try {
      Tokenizer::load(path);
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::model_not_found);
      CHECK(error.what() == path + message);
    }
  };
  check("/nowhere/tokenizer.json", " cannot be read, wanted a file");
  check(TEXT_TEST_DATA, " is no regular file, wanted one");
  const TemporaryFolder folder;
  const std::string pipe = (folder.path() / "pipe").string();
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  check(pipe, " is no regular file, wanted one");
}

TEST_CASE("a model without a type is what its members are of", "[tokenizer_file]") {
  for (const auto& [file, type] :
       {std::pair(kSmall, R"("type": "BPE", )"), std::pair(kBert, R"("type": "WordPiece", )")}) {
    CAPTURE(type);
    CHECK(encode(replace(file, type, ""), "ab") == encode(file, "ab"));
  }
}

TEST_CASE("merges may be strings, with the first line of merges.txt", "[tokenizer_file]") {
  const std::string array = R"([["a", "b"]])";
  CHECK(encode(replace(kSmall, array, R"(["a b"])"), "ab") == std::vector<TokenId>{2});
  CHECK(encode(replace(kSmall, array, R"(["#version: 0.2", "a b"])"), "ab") ==
        std::vector<TokenId>{2});
}

TEST_CASE("empty settings stand for none", "[tokenizer_file]") {
  std::string file =
      replace(kSmall, R"("continuing_subword_prefix": null)", R"("continuing_subword_prefix": "")");
  file = replace(file, R"("dropout": null)", R"("dropout": 0.0)");
  file = replace(file, R"("normalizer": null)",
                 R"("normalizer": {"type": "Sequence", "normalizers": []})");
  CHECK(encode(file, "ab") == std::vector<TokenId>{2});
}

TEST_CASE("an unknown token stands for bytes that are no token", "[tokenizer_file]") {
  const std::string file = replace(kSmall, R"("unk_token": null)", R"("unk_token": "ab")");
  CHECK(encode(file, "acab") == std::vector<TokenId>{0, 2, 2});
  CHECK(encode(kSmall, "acab") == std::vector<TokenId>{0, 2});
}

TEST_CASE("a broken tokenizer.json is refused with its place", "[tokenizer_file]") {
  CHECK(load_failure("{").code == ErrorCode::model_invalid);
  CHECK(load_failure("").code == ErrorCode::model_invalid);
  CHECK(load_failure("[]").message == ": the top is [], wanted an object");

  check_invalid(R"("model")", R"("modle")", ": model is missing");
  check_invalid(R"("vocab")", R"("vocob")", ": model.vocab is missing");
  check_invalid(R"("merges")", R"("morges")", ": model.merges is missing");
  check_invalid(R"({"a": 0, "b": 1, "ab": 2})", "[]", ": model.vocab is [], wanted an object");
  check_invalid(R"("b": 1)", R"("b": 5)",
                ": model.vocab.b is 5, wanted an id from 0 to 2, as there are so many tokens");
  check_invalid(R"("b": 1)", R"("b": -1)",
                ": model.vocab.b is -1, wanted an id from 0 to 2, as there are so many tokens");
  check_invalid(R"("b": 1)", R"("b": 0)",
                ": model.vocab.b is 0, wanted an id that no other token has");
  check_invalid(R"("b": 1)", R"("a": 1)",
                ": model.vocab.a is 0, wanted no second id for this token");
  check_invalid(
      R"(["a", "b"])", R"(["a", "c"])",
      ": model.merges[0] is [\"a\",\"c\"], wanted two tokens of model.vocab that are one together");
  check_invalid(
      R"(["a", "b"])", R"(["b", "a"])",
      ": model.merges[0] is [\"b\",\"a\"], wanted two tokens of model.vocab that are one together");
  check_invalid(R"(["a", "b"])", R"("a b c")",
                ": model.merges[0] is \"a b c\", wanted \"a b\" or [\"a\", \"b\"]");
  check_invalid(R"("ignore_merges": false)", R"("ignore_merges": 1)",
                ": model.ignore_merges is 1, wanted true or false");
  check_invalid(
      R"("unk_token": null)", R"("unk_token": "?")",
      ": model.unk_token is \"?\", wanted a token of model.vocab, which lacks single bytes");
}

TEST_CASE("added tokens that contradict the vocabulary are refused", "[tokenizer_file]") {
  check_invalid(
      R"("id": 3)", R"("id": 4)",
      ": added_tokens[0].id is 4, wanted 3, the id in model.vocab or else the next free one");
  check_invalid(
      R"("<s>")", R"("ab")",
      ": added_tokens[0].id is 3, wanted 2, the id in model.vocab or else the next free one");
  check_invalid(R"("<s>")", R"("")", ": added_tokens[0].content is \"\", wanted some text");
  check_invalid(R"("id": 3)", R"("id": 4294967296)",
                ": added_tokens[0].id is 4294967296, wanted an id that fits 31 bits");
  check_invalid(R"("lstrip": false,)", "", ": added_tokens[0].lstrip is missing");
}

TEST_CASE("what a tokenizer.json asks for and we do not do is named", "[tokenizer_file]") {
  check_unsupported(R"("normalizer": null)", R"("normalizer": {"type": "NFC"})",
                    ": normalizer is {\"type\":\"NFC\"}, wanted null");
  check_unsupported(R"("type": "BPE")", R"("type": "Unigram")",
                    ": model.type is \"Unigram\", wanted \"BPE\" or \"WordPiece\"");
  check_unsupported(R"("dropout": null)", R"("dropout": 0.1)",
                    ": model.dropout is 0.1, wanted null");
  check_unsupported(R"("byte_fallback": false)", R"("byte_fallback": true)",
                    ": model.byte_fallback is true, wanted false");
  check_unsupported(R"("continuing_subword_prefix": null)", R"("continuing_subword_prefix": "##")",
                    ": model.continuing_subword_prefix is \"##\", wanted null");
  check_unsupported(R"("end_of_word_suffix": null)", R"("end_of_word_suffix": "</w>")",
                    ": model.end_of_word_suffix is \"</w>\", wanted null");
  check_unsupported(
      R"("post_processor": null)", R"("post_processor": {"type": "RobertaProcessing"})",
      ": post_processor.type is \"RobertaProcessing\", wanted ByteLevel, TemplateProcessing, "
      "BertProcessing or Sequence");
  check_unsupported(R"("unk_token": null, "continuing)",
                    R"("unk_token": "a", "fuse_unk": true, "continuing)",
                    ": model.fuse_unk is true, wanted false");
}

TEST_CASE("a pre-tokenizer that we do not have is named", "[tokenizer_file]") {
  const std::string ours =
      R"({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true})";
  const auto message = [&](const std::string& pre_tokenizer) {
    const Failure failure = load_failure(replace(kSmall, ours, pre_tokenizer));
    CHECK(failure.code == ErrorCode::unsupported);
    return failure.message.substr(0, failure.message.find(", wanted"));
  };
  CHECK(message("null") == ": pre_tokenizer is null");
  CHECK(message(R"({"type":"Metaspace"})") == ": pre_tokenizer is {\"type\":\"Metaspace\"}");
  CHECK(
      message(R"({"type":"ByteLevel","add_prefix_space":false,"use_regex":false})") ==
      ": pre_tokenizer is {\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":false}");

  const auto behind = [&](const std::string& first, const std::string& byte_level) {
    return message(R"({"type":"Sequence","pretokenizers":[)" + first + "," + byte_level + "]}");
  };
  const std::string bytes = R"({"type":"ByteLevel","add_prefix_space":false,"use_regex":false})";
  CHECK(behind(R"({"type":"Punctuation"})", bytes) ==
        ": pre_tokenizer.pretokenizers[0] is {\"type\":\"Punctuation\"}");
  CHECK(behind(R"({"type":"Digits","individual_digits":false})", ours) ==
        ": pre_tokenizer.pretokenizers[0].individual_digits is false");
  const std::string split =
      R"({"type":"Split","pattern":{"Regex":"x+"},"behavior":"Isolated","invert":false})";
  CHECK(behind(split, bytes) == ": pre_tokenizer.pretokenizers[0].pattern is {\"Regex\":\"x+\"}");
  CHECK(behind(replace(split, "Isolated", "Removed"), bytes) ==
        ": pre_tokenizer.pretokenizers[0].behavior is \"Removed\"");
}

TEST_CASE("a template is one sequence with tokens of the vocabulary around it",
          "[tokenizer_file]") {
  const auto with = [](const std::string& single, const std::string& ids) {
    return replace(kSmall, R"("post_processor": null)",
                   R"("post_processor": {"type":"TemplateProcessing","single":)" + single +
                       R"(,"pair":[],"special_tokens":{"<s>":{"id":"<s>","ids":)" + ids +
                       R"(,"tokens":["<s>"]}}})");
  };
  const std::string special = R"({"SpecialToken":{"id":"<s>","type_id":0}})";
  const std::string sequence = R"({"Sequence":{"id":"A","type_id":0}})";

  const Tokenizer tokenizer =
      Tokenizer::load(File(with("[" + special + "," + sequence + "]", "[3]")).path());
  CHECK(tokenizer.prefix() == std::vector<TokenId>{3});
  CHECK(tokenizer.suffix().empty());

  CHECK(load_failure(with("[" + special + "]", "[3]")).code == ErrorCode::model_invalid);
  CHECK(load_failure(with("[" + sequence + "," + sequence + "]", "[3]")).code ==
        ErrorCode::unsupported);
  CHECK(load_failure(with("[" + special + "," + sequence + "]", "[4]")).message ==
        ": post_processor.special_tokens.<s>.ids[0] is 4, wanted an id below 4");
}

TEST_CASE("a small WordPiece tokenizer.json loads", "[tokenizer_file]") {
  CHECK(encode(kBert, "ab Abb abbbb b[UNK]") == std::vector<TokenId>{1, 2, 1, 2, 2, 0, 0, 0});
  const auto with = [](const std::string& from, const std::string& to) {
    return replace(kBert, from, to);
  };
  const std::string word = "\u00c9";  // E with an acute accent
  CHECK(encode(kBert, word) == std::vector<TokenId>{0});
  CHECK(encode(with(R"("strip_accents": null)", R"("strip_accents": false)"), word) ==
        std::vector<TokenId>{3});
  CHECK(encode(with(R"("lowercase": true)", R"("lowercase": false)"), "\u00e9 A") ==
        std::vector<TokenId>{3, 0});
  CHECK(encode(with(R"("continuing_subword_prefix": "##")", R"("continuing_subword_prefix": "#")"),
               "a#ab") == std::vector<TokenId>{1, 0, 0});
}

TEST_CASE("BERT's components may stand in sequences", "[tokenizer_file]") {
  std::string file = replace(kBert, R"({"type": "BertPreTokenizer"})",
                             R"({"type": "Sequence", "pretokenizers": [{"type": "BertPreTokenizer"},
                                 {"type": "BertPreTokenizer"}]})");
  file = replace(file, R"({"type": "BertNormalizer",)",
                 R"({"type": "Sequence", "normalizers": [{"type": "BertNormalizer",)");
  file = replace(file, R"("lowercase": true})", R"("lowercase": true}]})");
  CHECK(encode(file, "AB!") == std::vector<TokenId>{1, 2, 0});
}

TEST_CASE("WordPiece without a normalizer reads text as it is", "[tokenizer_file]") {
  const std::size_t begin = kBert.find(R"({"type": "BertNormalizer")");
  const std::string normalizer = kBert.substr(begin, kBert.find('}', begin) + 1 - begin);
  CHECK(encode(replace(kBert, normalizer, "null"), "ab Ab") == std::vector<TokenId>{1, 2, 0});
}

TEST_CASE("a WordPiece file that we do not understand is refused with its place",
          "[tokenizer_file]") {
  const auto invalid = [](const std::string& from, const std::string& to,
                          const std::string& message) {
    check_refused(kBert, from, to, ErrorCode::model_invalid, message);
  };
  const auto unsupported = [](const std::string& from, const std::string& to,
                              const std::string& message) {
    check_refused(kBert, from, to, ErrorCode::unsupported, message);
  };
  invalid(R"("unk_token": "[UNK]")", R"("unk_token": "?")",
          ": model.unk_token is \"?\", wanted a token of model.vocab");
  invalid(R"("max_input_chars_per_word": 4)", R"("max_input_chars_per_word": -1)",
          ": model.max_input_chars_per_word is -1, wanted a whole number");
  invalid(R"("continuing_subword_prefix": "##",)", "",
          ": model.continuing_subword_prefix is missing");
  invalid(R"("clean_text": true)", R"("clean_text": null)",
          ": normalizer.clean_text is null, wanted true or false");
  invalid(R"("sep": ["a", 1])", R"("sep": ["a", 9])",
          ": post_processor.sep[1] is 9, wanted an id below 4");
  unsupported(R"("type": "BertPreTokenizer")", R"("type": "Whitespace")",
              ": pre_tokenizer is {\"type\":\"Whitespace\"}, wanted BertPreTokenizer, as it goes "
              "before WordPiece");
  CHECK(load_failure(replace(kBert, "BertNormalizer", "NFKC")).code == ErrorCode::unsupported);
}

TEST_CASE("a tokenizer without a pair template has no pair", "[tokenizer_file]") {
  const std::string processor =
      R"({"type": "BertProcessing", "sep": ["a", 1], "cls": ["[UNK]", 0]})";
  CHECK(Tokenizer::load(File(kBert).path()).pair());
  for (const char* other :
       {"null", R"({"type": "ByteLevel"})", R"({"type": "Sequence", "processors": []})"}) {
    CAPTURE(other);
    CHECK_FALSE(Tokenizer::load(File(replace(kBert, processor, other)).path()).pair());
  }
}

namespace {

Tokenizer parse_with(const std::string& json, const std::string& config) {
  return Tokenizer::parse({json, "tokenizer.json"}, {{config, "tokenizer_config.json"}});
}

void refuse_config(const std::string& json, const std::string& config, const std::string& message) {
  CAPTURE(config);
  try {
    parse_with(json, config);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::unsupported);
    CHECK(error.what() == "tokenizer_config.json: " + message);
  }
}

}  // namespace

TEST_CASE("a tokenizer_config.json that says otherwise is refused", "[tokenizer_file]") {
  const auto refused = [](const std::string& config, const std::string& message) {
    refuse_config(kBert, config, message);
  };
  // kBert lowercases, and strips accents therefore.
  for (const char* sound :
       {R"({})", R"({"do_lower_case": true, "strip_accents": null, "model_max_length": 512})",
        R"({"strip_accents": true, "tokenize_chinese_chars": true})",
        R"({"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": false})",
        R"({"added_tokens_decoder": {"0": {"content": "[UNK]"}}, "truncation_side": "right"})"}) {
    CAPTURE(sound);
    CHECK(parse_with(kBert, sound).vocabulary_size() == 4);
  }
  refused(R"({"model_max_length": 1000000000000000019884624838656, "do_lower_case": false})",
          "do_lower_case is false, true wanted, as tokenizer.json has \"lowercase\"");
  refused(R"({"strip_accents": false})",
          "strip_accents is false, true wanted, as tokenizer.json has \"strip_accents\"");
  refused(R"({"tokenize_chinese_chars": false})",
          "tokenize_chinese_chars is false, true wanted, as tokenizer.json has "
          "\"handle_chinese_chars\"");
  refused(R"({"model_input_names": ["input_ids"]})",
          "model_input_names is [\"input_ids\"], wanted \"token_type_ids\" in it, as "
          "tokenizer.json's pair template has types");
  refused(
      R"({"tokenizer_class": "DistilBertTokenizer"})",
      "tokenizer_class is \"DistilBertTokenizer\", wanted \"model_input_names\" beside it, with "
      "\"token_type_ids\"");
  refused(R"({"do_lower_case": true, "do_lower_case": false})",
          "do_lower_case is false, true wanted, as tokenizer.json has \"lowercase\"");
  refused(R"({"extra_special_tokens": ["b"]})",
          "extra_special_tokens[0] is \"b\", wanted a token that is among tokenizer.json's "
          "added_tokens");
  refused(R"({"truncation_side": "left"})", "truncation_side is \"left\", wanted \"right\"");
  refused(R"({"split_special_tokens": true})", "split_special_tokens is true, wanted false");
  refused(R"({"additional_special_tokens": ["[UNK]", "a"]})",
          "additional_special_tokens[1] is \"a\", wanted a token that is among tokenizer.json's "
          "added_tokens");
  refuse_config(replace(kBert, R"("lowercase": true)", R"("lowercase": false)"), "{}",
                "do_lower_case is true where it is not said, false wanted, as "
                "tokenizer.json has \"lowercase\"");
}

TEST_CASE("every beginning of a tokenizer_config.json is read to its end or refused",
          "[tokenizer_file]") {
  const std::string whole =
      R"({"added_tokens_decoder": {"0": {"content": "[UNK]", "special": true}},
    "a": [1, 2, {"b": "c\u00e4"}], "do_lower_case": true, "model_max_length": 1e30, "n": null})";
  CHECK(parse_with(kBert, whole).vocabulary_size() == 4);
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    CAPTURE(bytes);
    try {
      parse_with(kBert, whole.substr(0, bytes));
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::model_invalid);
    }
  }
  for (const char* other :
       {"[]", "null", "{", R"({"a": 1 "b": 2})", R"({"a": 1,, "b": 2})", "{} {}"}) {
    CAPTURE(other);
    CHECK_THROWS_AS(parse_with(kBert, other), Error);
  }
}

TEST_CASE("byte-level BPE is read whatever a tokenizer_config.json says of BERT",
          "[tokenizer_file]") {
  // A tokenizer of the other family has no such normalizer, and of its pair's types no use.
  const std::string pair = R"({"type": "TemplateProcessing",
    "single": [{"Sequence": {"id": "A", "type_id": 0}}],
    "pair": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
             {"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
    "special_tokens": {"<s>": {"id": "<s>", "ids": [3], "tokens": ["<s>"]}}})";
  const std::string typed =
      replace(kSmall, R"("post_processor": null)", R"("post_processor": )" + pair);
  const auto llama =
      parse_with(typed, R"({"do_lower_case": false, "model_input_names": ["input_ids"]})");
  REQUIRE(llama.pair());
  CHECK(llama.pair()->typed);
}

TEST_CASE("a second processor that adds tokens is refused", "[tokenizer_file]") {
  const std::string processor =
      R"({"type": "BertProcessing", "sep": ["a", 1], "cls": ["[UNK]", 0]})";
  const Failure failure = load_failure(
      replace(kBert, processor,
              R"({"type": "Sequence", "processors": [)" + processor + "," + processor + "]}"));
  CHECK(failure.code == ErrorCode::unsupported);
  CHECK(failure.message.find("wanted one processor that adds tokens") != std::string::npos);
}

TEST_CASE("a tokenizer.json that asks for cutting on the left is refused", "[tokenizer_file]") {
  check_unsupported(
      R"("post_processor": null)",
      R"("truncation": {"direction": "Left", "max_length": 6}, "post_processor": null)",
      ": truncation.direction is \"Left\", wanted \"Right\"");
}

TEST_CASE("a tokenizer.json of processors in processors is refused", "[tokenizer_file]") {
  std::string nested = "null";
  for (int i = 0; i < 40; ++i) nested = R"({"type": "Sequence", "processors": [)" + nested + "]}";
  const Failure failure =
      load_failure(replace(kSmall, R"("post_processor": null)", R"("post_processor": )" + nested));
  CHECK(failure.code == ErrorCode::model_invalid);
  CHECK(failure.message.find("too deep") != std::string::npos);
}

TEST_CASE("added tokens that are the same once normalized are refused", "[tokenizer_file]") {
  const auto added = [](const std::string& id, const std::string& content) {
    return R"(, {"id": )" + id + R"(, "content": ")" + content +
           R"(", "single_word": false, "lstrip": false, "rstrip": false, "normalized": true,
              "special": false}])";
  };
  const std::string end = R"("special": true}])";
  const std::string one = replace(kBert, end, R"("special": true})" + added("4", "Word"));
  CHECK(encode(one, "a WORD") == std::vector<TokenId>{1, 4});
  const std::string two =
      replace(one, R"("special": false}])", R"("special": false})" + added("5", "WORD"));
  CHECK(load_failure(two).code == ErrorCode::model_invalid);
}

TEST_CASE("a pair template tells what is of token type 1", "[tokenizer_file]") {
  const auto load = [](const std::string& parts) {
    const std::size_t begin = kBert.find(R"({"type": "BertProcessing")");
    const std::string bert = kBert.substr(begin, kBert.find('}', begin) + 1 - begin);
    const std::string processor =
        R"({"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0}}],"pair":[)" +
        parts + R"(],"special_tokens":{"a":{"id":"a","ids":[1],"tokens":["a"]}}})";
    return Tokenizer::load(File(replace(kBert, bert, processor)).path());
  };
  const auto pair = [&](const std::string& parts) { return load(parts).pair(); };
  const auto a = [](int type) {
    return R"({"SpecialToken":{"id":"a","type_id":)" + std::to_string(type) + "}}";
  };
  const auto text = [](const char* id, int type) {
    return R"({"Sequence":{"id":")" + std::string(id) + R"(","type_id":)" + std::to_string(type) +
           "}}";
  };
  const auto typed = pair(a(0) + "," + text("A", 0) + "," + a(0) + "," + a(0) + "," + text("B", 1));
  REQUIRE(typed);
  CHECK(typed->begin == std::vector<TokenId>{1});
  CHECK(typed->middle == std::vector<TokenId>{1, 1});
  CHECK(typed->end.empty());
  CHECK(typed->typed);

  const auto untyped = pair(text("A", 0) + "," + text("B", 0) + "," + a(0));
  REQUIRE(untyped);
  CHECK(untyped->end == std::vector<TokenId>{1});
  CHECK_FALSE(untyped->typed);

  CHECK_FALSE(pair(text("B", 0) + "," + text("A", 1)));
  CHECK_FALSE(pair(text("A", 1) + "," + text("B", 1)));
  CHECK_FALSE(pair(text("A", 0) + "," + text("B", 1) + "," + a(0)));
  CHECK_FALSE(pair(text("A", 0)));
  CHECK_FALSE(pair(text("A", 0) + "," + text("B", 1)));
  CHECK_THROWS_AS(pair_frame(load(text("A", 0))), Error);
}
