"""Models whose logits may differ have other fingerprints: a cache of scores is keyed by them."""

import json
import pathlib
import re
import unittest

import driver
import make_tiny_bert
import make_tiny_model

tiny = driver.tiny
ROOT = pathlib.Path(__file__).resolve().parents[2]


def one_bit_off(name):
    parts = make_tiny_model.tensors()
    dtype, shape, data = parts[name]
    parts[name] = (dtype, shape, bytes([data[0] ^ 1]) + data[1:])
    return {"model.safetensors": make_tiny_model.safetensors(parts)}


def with_config(**says):
    return {"config.json": json.dumps({**tiny.config(), **says}).encode()}


def with_another_merge():
    tokenizer = make_tiny_model.tokenizer()
    tokenizer["model"]["merges"] = tokenizer["model"]["merges"][:-1]
    return {"tokenizer.json": json.dumps(tokenizer).encode()}


OTHERS = {
    **{name: one_bit_off(name) for name in (
        "model.embed_tokens.weight", "model.layers.0.input_layernorm.weight",
        "model.layers.1.self_attn.k_proj.weight", "model.layers.1.mlp.down_proj.weight",
        "model.norm.weight", "score.weight")},
    "temperature": with_config(temperature=2.0),
    "rms_norm_eps": with_config(rms_norm_eps=1e-6),
    "rope_theta": with_config(rope_theta=500000.0),
    "a merge": with_another_merge(),
}


class Fingerprint(driver.CliTest):
    def fingerprint(self, folder, *options):
        return json.loads(driver.run("info", "--model", folder, "--json", *options).out)["fingerprint"]

    def test_another_weight_or_number_or_window_makes_another(self):
        found = {"as made": self.fingerprint(self.model), "a window": self.fingerprint(self.model, "--max-tokens", "64")}
        for name, files in OTHERS.items():
            folder = tiny.write(self.folder / name.replace(" ", "_"), {**tiny.files(), **files})
            found[name] = self.fingerprint(folder)
        self.assertEqual(len(set(found.values())), len(found), found)

    def test_the_same_folder_elsewhere_has_the_same_with_any_number_of_threads(self):
        folder = tiny.write(self.folder / "copy", tiny.files())
        self.assertEqual(self.fingerprint(folder, "--threads", "1"), self.fingerprint(self.model, "--threads", "2"))


# Scores in fp32, to the last bit, of kernels of this revision. Who changes bits knowingly renews the
# revision in kernels/cpu/cpu_kernels.hpp, and these with it.
REVISION = 4
SCORES = {"llama": ["0.8202227", "0.6008381", "1.2781948", "1.0596602"],
          "bert": ["-1.1783954", "-1.1327089", "-0.6719145", "-0.5059284"]}
REQUEST = {"query": "why do bees dance", "passages": ["the bee", "", "a " * 40, "The bee is here on the pass 12345. " * 3]}


class Revision(driver.CliTest):
    def test_bits_change_with_the_revision_of_the_kernels_alone(self):
        header = (ROOT / "kernels" / "cpu" / "cpu_kernels.hpp").read_text()
        self.assertEqual(int(re.search(r"kCpuRevision = (\d+)", header).group(1)), REVISION)
        for family, of in (("llama", make_tiny_model), ("bert", make_tiny_bert)):
            folder = tiny.write(self.folder / family, of.files())
            result = driver.run("score", "--model", folder, "--device", "cpu", "--precision", "fp32", stdin=driver.jsonl(REQUEST))
            with self.subTest(family):
                self.assertEqual(json.loads(result.out, parse_float=str)["scores"], SCORES[family])


if __name__ == "__main__":
    unittest.main()
