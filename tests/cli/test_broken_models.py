"""A folder that is broken in one place ends the tool with status 3, and the message names the file
and what is wrong with it."""

import json
import math
import os
import struct
import unittest
from unittest import mock

import driver
import make_tiny_bert as bert
import make_tiny_int8 as int8
import make_tiny_model as tiny

SOUND = tiny.files()
TENSORS = tiny.tensors()
Q_PROJ = "model.layers.1.self_attn.q_proj.weight"
NORM = "model.norm.weight"


def without(name):
    return {key: data for key, data in SOUND.items() if key != name}


def with_config(**changes):
    return {**SOUND, "config.json": json.dumps({**tiny.config(), **changes}).encode()}


def without_config(key):
    config = tiny.config()
    del config[key]
    return {**SOUND, "config.json": json.dumps(config).encode()}


def with_tensor_map(changes):
    tensors = {name: part for name, part in {**TENSORS, **changes}.items() if part is not None}
    return {**SOUND, "model.safetensors": tiny.safetensors(tensors)}


def with_weights(data):
    return {**SOUND, "model.safetensors": data}


def with_entry(name, **changes):
    """The header changed, the data left as it is."""
    data = SOUND["model.safetensors"]
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    header[name].update(changes)
    return with_weights(tiny.with_header(header, data[8 + size:]))


def with_tokenizer(**changes):
    return {**SOUND, "tokenizer.json": json.dumps({**tiny.tokenizer(), **changes}).encode()}


def with_bpe(**changes):
    return with_tokenizer(model={**tiny.tokenizer()["model"], **changes})


def sharded(weight_map):
    parts = without("model.safetensors")
    parts["one.safetensors"] = SOUND["model.safetensors"]
    parts["model.safetensors.index.json"] = json.dumps({"weight_map": weight_map}).encode()
    return parts


WEIGHTS = SOUND["model.safetensors"]
ALL_IN_ONE = dict.fromkeys(TENSORS, "one.safetensors")
NOT_FOUND, INVALID, UNSUPPORTED = "model_not_found", "model_invalid", "unsupported"

def bert_with(config=(), **tensors):
    """A BERT folder with keys of config.json changed, and tensors by name: None takes one away."""
    parts = {name: part for name, part in {**bert.tensors(), **tensors}.items() if part is not None}
    return {**bert.files(), "config.json": json.dumps({**bert.config(), **dict(config)}).encode(),
            "model.safetensors": tiny.safetensors(parts)}


def bert_tokenizer(**changes):
    return {**bert.files(), "tokenizer.json": json.dumps({**bert.tokenizer(), **changes}).encode()}


def pair_cosine_with(tokenizer=(), **tensors):
    """A pair-cosine folder with keys of tokenizer.json changed, and tensors by name: None takes one away."""
    parts = {**bert.tensors(architecture=bert.PAIR_COSINE), **tensors}
    return {**bert.files(architecture=bert.PAIR_COSINE),
            "tokenizer.json": json.dumps({**bert.tokenizer(), **dict(tokenizer)}).encode(),
            "model.safetensors": tiny.safetensors({name: part for name, part in parts.items() if part is not None})}


def int8_with(**tensors):
    parts = {**int8.coded(TENSORS), **tensors}
    return int8.files(tensors={name: part for name, part in parts.items() if part is not None})


def quantised(**changes):
    """A group of compressed-tensors as our folders name it, but for the changes."""
    groups = {"group_0": {"weights": {"num_bits": 8, "type": "int", "symmetric": True}, **changes}}
    return with_config(quantization_config={
        "quant_method": "compressed-tensors", "format": "int-quantized", "config_groups": groups})


LFS_POINTER = (b"version https://git-lfs.github.com/spec/v1\n"
               b"oid sha256:" + b"0" * 64 + b"\nsize 2471645608\n")
Q_SCALE = Q_PROJ + "_scale"
SCALES = 64 * 4  # of q_proj: 64 rows of 64 columns in blocks of 16
KEY_BIAS = "bert.encoder.layer.1.attention.self.key.bias"
TYPES = "bert.embeddings.token_type_embeddings.weight"

# what is broken, the folder's files, code, fragments of the message
BROKEN = [
    ("no config", without("config.json"), NOT_FOUND, ["config.json"]),
    ("no weights", without("model.safetensors"), NOT_FOUND, ["model.safetensors"]),
    ("no tokenizer", without("tokenizer.json"), NOT_FOUND, ["tokenizer.json"]),

    ("config of no JSON", {**SOUND, "config.json": b"{"}, INVALID, ["config.json", "JSON"]),
    ("empty config", {**SOUND, "config.json": b""}, INVALID, ["config.json"]),
    ("config of an array", {**SOUND, "config.json": b"[]"}, INVALID, ["config.json", "object"]),
    ("no hidden_size", without_config("hidden_size"), INVALID, ["hidden_size", "missing"]),
    ("text for a number", with_config(hidden_size="64"), INVALID, ["hidden_size", '"64"']),
    ("absurd size", with_config(hidden_size=1 << 40), INVALID, ["hidden_size", str(1 << 40)]),
    ("no layers", with_config(num_hidden_layers=0), INVALID, ["num_hidden_layers", "0"]),
    ("negative heads", with_config(num_attention_heads=-2), INVALID, ["num_attention_heads"]),
    ("odd head", with_config(head_dim=31), INVALID, ["head_dim", "31"]),
    ("heads that do not group", with_config(num_attention_heads=3, num_key_value_heads=2),
     INVALID, ["3", "2"]),
    ("fewer positions than a prompt has", with_config(max_position_embeddings=5), INVALID,
     ["config.json", "a window of 5 tokens", "wanted for the prompt"]),
    ("no positions", with_config(max_position_embeddings=0), INVALID, ["max_position_embeddings"]),
    ("temperature of zero", with_config(temperature=0), INVALID, ["temperature", "0"]),
    ("rope that turns faster than positions", with_config(rope_theta=0.5), UNSUPPORTED, ["rope_theta", "0.5", "1 or more wanted"]),
    ("rope of a factor below 1", with_config(rope_scaling={"rope_type": "linear", "factor": 0.25}), UNSUPPORTED,
     ["factor", "0.25", "1 or more wanted"]),
    ("rope without its factor", with_config(rope_scaling={"rope_type": "llama3"}), INVALID,
     ["rope_scaling", "factor"]),
    ("fusion of text", with_config(first_stage={"max_weight": "a"}), INVALID, ["max_weight"]),
    ("long passages read in no known way", with_config(long_passages={"overflow": "wrap"}), INVALID,
     ["long_passages", "wrap", '"chunk" or "truncate" wanted']),
    ("chunks of fewer tokens than the prompt", with_config(
        long_passages={"overflow": "chunk", "max_chunks": 2, "chunk_tokens": 3}), INVALID,
     ["config.json: long_passages", '"chunk_tokens" is 3, at least ']),
    ("chunks of articles shorter than the prompt", with_config(long_passages={
        "overflow": "chunk", "max_chunks": 2,
        "articles": {"over_tokens": 500, "max_chunks": 2, "chunk_tokens": 4}}), INVALID,
     ["config.json: long_passages: articles", '"chunk_tokens" is 4, at least ']),

    ("another architecture", with_config(architectures=["LlamaForCausalLM"]), UNSUPPORTED,
     ["LlamaForCausalLM", "LlamaBidirectionalForSequenceClassification"]),
    ("another model type", with_config(model_type="bert"), UNSUPPORTED, ["model_type", "bert"]),
    ("another pooling", with_config(pooling="cls"), UNSUPPORTED, ["pooling", "cls", "avg"]),
    ("another activation", with_config(hidden_act="gelu"), UNSUPPORTED, ["hidden_act", "gelu"]),
    ("another rope", with_config(rope_scaling={"rope_type": "yarn", "factor": 2}), UNSUPPORTED,
     ["rope_type", "yarn"]),
    ("three labels", with_config(num_labels=3), UNSUPPORTED, ["num_labels", "3"]),
    ("biases", with_config(attention_bias=True), UNSUPPORTED, ["attention_bias"]),
    ("quantised", with_config(quantization_config={"bits": 4}), UNSUPPORTED,
     ["quantization_config", "quant_method", "not given"]),
    ("quantised by another method", with_config(quantization_config={"quant_method": "gptq"}),
     UNSUPPORTED, ["quant_method", "gptq", "compressed-tensors"]),
    ("packed", with_config(quantization_config={
        "quant_method": "compressed-tensors", "format": "pack-quantized"}), UNSUPPORTED,
     ["format", "pack-quantized", "int-quantized"]),
    ("quantised activations", quantised(input_activations={"num_bits": 8}), UNSUPPORTED,
     ["group_0", "input_activations"]),
    ("weights of 4 bits", quantised(weights={"num_bits": 4}), UNSUPPORTED, ["num_bits", "4", "8"]),
    ("weights of float8", quantised(weights={"num_bits": 8, "type": "float"}), UNSUPPORTED,
     ["type", "float", "int"]),
    ("zero points", quantised(weights={"symmetric": False}), UNSUPPORTED, ["symmetric", "false"]),
    ("a group of text", quantised(weights="int8"), INVALID, ["group_0", "weights", "int8"]),

    *((f"{name} that Git LFS did not fetch", {**SOUND, name: LFS_POINTER}, INVALID,
       [name, "a Git LFS pointer found"]) for name in ("model.safetensors", "tokenizer.json", "config.json")),
    ("empty weights", with_weights(b""), INVALID, ["model.safetensors"]),
    ("weights cut in the header", with_weights(WEIGHTS[:100]), INVALID, ["model.safetensors"]),
    ("weights cut in the data", with_weights(WEIGHTS[:-10]), INVALID, ["cut short"]),
    ("absurd header", with_weights(struct.pack("<Q", 1 << 62) + WEIGHTS[8:]), INVALID,
     ["header", str(1 << 62)]),
    ("header of no JSON", with_weights(tiny.with_header(b"nonsense", b"")), INVALID, ["JSON"]),
    ("missing tensor", with_tensor_map({Q_PROJ: None}), INVALID, [Q_PROJ, "missing"]),
    ("missing head", with_tensor_map({"score.weight": None}), INVALID, ["score.weight"]),
    ("unknown tensor", with_tensor_map({"score.bias": ("BF16", [1], b"\0\0")}), INVALID,
     ["score.bias", "unknown"]),
    ("misshapen tensor", with_tensor_map({Q_PROJ: ("BF16", [32, 64], b"\0" * 4096)}), INVALID,
     [Q_PROJ, "[32, 64]", "[64, 64]"]),
    ("head of two rows", with_tensor_map({"score.weight": ("BF16", [2, 64], b"\0" * 256)}),
     INVALID, ["score.weight", "[2, 64]", "[1, 64]"]),
    ("unknown type", with_tensor_map({NORM: ("I16", [64], b"\0" * 128)}), UNSUPPORTED, ["I16"]),
    ("codes without scales", int8_with(**{Q_SCALE: None}), INVALID, [Q_PROJ, "I8", Q_SCALE]),
    ("scales without codes", int8_with(**{Q_PROJ: TENSORS[Q_PROJ]}), INVALID,
     [Q_SCALE, Q_PROJ, "BF16", "I8 wanted"]),
    ("scales of nothing", int8_with(**{Q_PROJ: None}), INVALID, [Q_SCALE, Q_PROJ, "missing"]),
    ("scales of too few rows", int8_with(**{Q_SCALE: ("F16", [63, 4], bytes(63 * 8))}), INVALID,
     [Q_SCALE, "[63, 4]", "[64, 64]"]),
    ("scales that do not divide", int8_with(**{Q_SCALE: ("F16", [64, 3], bytes(64 * 6))}), INVALID,
     [Q_SCALE, "[64, 3]", "[64, 64]", "divide"]),
    ("no blocks", int8_with(**{Q_SCALE: ("F16", [64, 0], b"")}), INVALID, [Q_SCALE, "[64, 0]"]),
    ("scales in a row", int8_with(**{Q_SCALE: ("F16", [SCALES], bytes(2 * SCALES))}), INVALID,
     [Q_SCALE, f"[{SCALES}]"]),
    ("scales of codes", int8_with(**{Q_SCALE: ("I8", [64, 4], bytes(SCALES))}), INVALID,
     [Q_SCALE, "I8", "F16"]),
    ("a negative scale", int8_with(**{Q_SCALE: ("F32", [64, 4], struct.pack(
        f"<{SCALES}f", *[0.01] * (SCALES - 1), -0.5))}), INVALID, [Q_SCALE, "-0.5", "row 63"]),
    ("an infinite scale", int8_with(**{Q_SCALE: ("F16", [64, 4], b"\0\x7c" * SCALES)}), INVALID,
     [Q_SCALE, "inf", "row 0"]),
    ("a scale of NaN", int8_with(**{Q_SCALE: ("BF16", [64, 4], b"\xc0\x7f" * SCALES)}), INVALID,
     [Q_SCALE, "nan"]),
    ("a norm of codes", int8_with(**{NORM: ("I8", [64], bytes(64)),
                                     NORM + "_scale": ("F16", [1, 1], bytes(2))}), INVALID,
     [NORM + "_scale", "[64]"]),
    ("a head of codes", int8_with(**{"score.weight": ("I8", [1, 64], bytes(64)),
                                     "score.weight_scale": ("F16", [1, 4], bytes(8))}),
     UNSUPPORTED, ["score.weight", "I8", "head"]),
    ("codes of another shape", int8_with(**{Q_PROJ: ("I8", [64, 32], bytes(2048))}), INVALID,
     [Q_PROJ, "[64, 32]", "[64, 64]"]),
    ("absurd shape", with_entry(NORM, shape=[1 << 40, 1 << 40]), INVALID, [NORM]),
    ("negative shape", with_entry(NORM, shape=[-64]), INVALID, [NORM, "-64"]),
    ("offsets against the shape", with_entry(NORM, data_offsets=[0, 2]), INVALID,
     [NORM, "2 bytes", "128 wanted"]),
    ("offsets backwards", with_entry(NORM, data_offsets=[128, 0]), INVALID, [NORM]),

    ("index of a missing shard", sharded({**ALL_IN_ONE, NORM: "two.safetensors"}), NOT_FOUND,
     ["two.safetensors"]),
    ("index of a missing tensor", sharded({**ALL_IN_ONE, "more.weight": "one.safetensors"}),
     INVALID, ["more.weight"]),
    ("index that leaves the folder", sharded({**ALL_IN_ONE, NORM: "../one.safetensors"}), INVALID,
     ["../one.safetensors"]),

    ("tokenizer of no JSON", {**SOUND, "tokenizer.json": b"x"}, INVALID, ["tokenizer.json"]),
    ("another tokenizer", with_bpe(type="Unigram"), UNSUPPORTED, ["Unigram", "BPE"]),
    ("another pre-tokenizer", with_tokenizer(pre_tokenizer={"type": "Whitespace"}), UNSUPPORTED,
     ["pre_tokenizer", "ByteLevel"]),
    ("no pre-tokenizer", with_tokenizer(pre_tokenizer=None), UNSUPPORTED, ["pre_tokenizer"]),
    ("a normalizer", with_tokenizer(normalizer={"type": "NFKC"}), UNSUPPORTED, ["normalizer"]),
    ("another post-processor", with_tokenizer(post_processor={"type": "RobertaProcessing"}),
     UNSUPPORTED, ["post_processor"]),
    ("merge of unknown tokens", with_bpe(merges=["q q"]), INVALID, ["merges"]),
    ("byte fallback", with_bpe(byte_fallback=True), UNSUPPORTED, ["byte_fallback"]),
    ("more tokens than embeddings",
     {**with_config(vocab_size=200),
      "model.safetensors": with_tensor_map({
          "model.embed_tokens.weight": ("BF16", [200, 64], b"\0" * 25600)})["model.safetensors"]},
     INVALID, ["tokenizer.json", str(tiny.NUM_TOKENS - 1), "vocab_size", "200"]),

    ("BERT's other gelu", bert_with({"hidden_act": "gelu_new"}), UNSUPPORTED,
     ["hidden_act", "gelu_new"]),
    ("BERT's relative positions", bert_with({"position_embedding_type": "relative_key"}),
     UNSUPPORTED, ["position_embedding_type", "relative_key", "absolute"]),
    ("BERT's three labels", bert_with({"id2label": {"0": "a", "1": "b", "2": "c"}}), UNSUPPORTED,
     ["id2label", "3"]),
    ("BERT without a bias", bert_with(**{KEY_BIAS: None}), INVALID, [KEY_BIAS, "missing"]),
    ("BERT with more", bert_with(**{"cls.bias": ("F32", [1], bytes(4))}), INVALID,
     ["cls.bias", "unknown"]),
    ("BERT of one token type, prompts of two",
     bert_with({"type_vocab_size": 1}, **{TYPES: ("F32", [1, 64], bytes(256))}), INVALID,
     ["type_vocab_size", "1"]),
    ("BERT whose tokenizer has the passage first",
     bert_tokenizer(post_processor={
         **bert.tokenizer()["post_processor"],
         "pair": [{"Sequence": {"id": name, "type_id": 0}} for name in "BA"]}), UNSUPPORTED,
     ["post_processor", "pair"]),
    ("BERT without a post-processor", bert_tokenizer(post_processor=None), UNSUPPORTED,
     ["tokenizer.json", "post_processor", "pair"]),
    ("BERT with a pair template of no special tokens",
     bert_tokenizer(post_processor={
         **bert.tokenizer()["post_processor"],
         "pair": [{"Sequence": {"id": name, "type_id": 0}} for name in "AB"]}), UNSUPPORTED,
     ["post_processor", "pair"]),

    ("pair-cosine BERT without its scale", pair_cosine_with(cosine_scale=None), INVALID,
     ["model.safetensors", "cosine_scale", "missing", "[1]"]),
    ("pair-cosine BERT of two scales", pair_cosine_with(cosine_scale=("F32", [2], bytes(8))), INVALID,
     ["model.safetensors", "cosine_scale", "[2]", "[1]"]),
    ("pair-cosine BERT whose scale is not finite",
     pair_cosine_with(cosine_scale=("F32", [1], struct.pack("<f", float("inf")))), INVALID,
     ["two tokens", "finite"]),
    ("pair-cosine BERT with prompts of one token type",
     pair_cosine_with({"post_processor": {
         **bert.tokenizer()["post_processor"],
         "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                  *({"Sequence": {"id": name, "type_id": 0}} for name in "AB")]}}), UNSUPPORTED,
     ["tokenizer.json", "post_processor", "type 1", "BertPairCosineForSequenceClassification"]),
]


class BrokenModels(driver.CliTest):
    def test_no_folder(self):
        result = driver.run("info", "--model", self.folder / "none")
        self.check_failure(result, 3, NOT_FOUND, "none")

    def test_broken_folders(self):
        for number, (what, files, code, fragments) in enumerate(BROKEN):
            with self.subTest(what):
                folder = tiny.write(self.folder / str(number), files)
                result = driver.run("score", "--model", folder)
                self.check_failure(result, 3, code, *fragments)
                self.assertEqual(result.out, b"")

    def check_loads(self, folder):
        result = driver.run("info", "--model", folder)
        self.assertEqual((result.status, result.error), (0, ""))

    def test_a_sound_sharded_folder_loads(self):
        folder = tiny.write(self.folder / "sharded", sharded(ALL_IN_ONE))
        self.check_loads(folder)

    def test_a_bert_folder_loads_without_its_prefix(self):
        folder = tiny.write(self.folder / "bert", bert.files(prefix=""))
        self.check_loads(folder)

    def test_a_sound_folder_loads_with_the_tokenizer_config_that_llama_has(self):
        config = {"model_input_names": ["input_ids", "attention_mask"], "model_max_length": 10**30,
                  "bos_token": "<|begin_of_text|>", "clean_up_tokenization_spaces": True,
                  "tokenizer_class": "PreTrainedTokenizerFast", "added_tokens_decoder": {}}
        folder = tiny.write(self.folder / "llama", {**SOUND, "tokenizer_config.json": json.dumps(config).encode()})
        self.check_loads(folder)

    @unittest.skipIf(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") > 1 << 38, "256 GiB of memory and more")
    def test_weights_that_memory_has_no_room_for(self):
        """512 GiB of them, in a file of holes: the system would end the process that touches them."""
        with mock.patch.multiple(tiny, HIDDEN=1 << 14, NUM_TOKENS=1 << 24):
            config, shapes = tiny.config(), list(tiny.shapes())
        header, end = {}, 0
        for name, shape in shapes:
            size = 2 * math.prod(shape)
            header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [end, end + size]}
            end += size
        begin = tiny.with_header(header, b"")
        folder = tiny.write(self.folder / "large", {
            **SOUND, "config.json": json.dumps(config).encode(), "model.safetensors": begin})
        os.truncate(folder / "model.safetensors", len(begin) + end)
        result = driver.run("info", "--model", folder)
        self.check_failure(result, 3, "out_of_memory", "model.safetensors", "bytes wanted for the weights")

    def test_a_device_that_is_not_there(self):
        result = driver.run("info", "--model", self.model, "--device", "cuda")
        self.check_failure(result, 3, "device_unavailable", "cuda")


if __name__ == "__main__":
    unittest.main()
