"""A folder of int8 codes and scales scores as one of the fp32 weights that they stand for."""

import json
import struct
import unittest

import driver
import make_tiny_bert
import make_tiny_int8 as int8
import make_tiny_model

REQUEST = {"query": "why do bees dance", "passages": [
    "the bee", "passing on the bees", "", "a " * 40, "The bee is here on the pass 12345. " * 3]}
FAMILIES = {"llama": make_tiny_model, "bert": make_tiny_bert}
ENVIRONMENTS = {"bf16": {"RERANKER_ISA": "generic"}}  # whose kernels have bf16 on every machine


class Int8Folders(driver.CliTest):
    def scores(self, folder, precision):
        result = driver.run("score", "--model", folder, "--precision", precision,
                            stdin=json.dumps(REQUEST).encode() + b"\n", environment=ENVIRONMENTS.get(precision))
        self.assertEqual(result.error, "")
        return json.loads(result.out, parse_float=str)["scores"]

    def test_scores_are_those_of_the_decoded_weights_to_the_last_bit(self):
        for family, of in FAMILIES.items():
            coded = int8.coded(of.tensors())
            codes = int8.write(self.folder / family / "codes", int8.files(of, coded))
            plain = int8.write(self.folder / family / "plain", int8.files(of, int8.decoded(coded)))
            for precision in ("fp32", "bf16", "int8"):
                with self.subTest(f"{family} in {precision}"):
                    scores = self.scores(codes, precision)
                    self.assertEqual(scores, self.scores(plain, precision))
                    self.assertEqual(len(set(scores)), len(scores))

    def test_tables_whose_blocks_are_whole_groups_stay_codes_and_are_the_same_numbers(self):
        for family, of in FAMILIES.items():
            coded = int8.coded(of.tensors(), table_block=32)
            codes = int8.write(self.folder / family / "kept", int8.files(of, coded))
            plain = int8.write(self.folder / family / "widened", int8.files(of, int8.decoded(coded)))
            with self.subTest(family):
                self.assertEqual(self.scores(codes, "fp32"), self.scores(plain, "fp32"))
                self.assertLess(self.weight_bytes(codes), self.weight_bytes(plain))

    def weight_bytes(self, folder):
        result = driver.run("info", "--model", folder, "--json")
        return json.loads(result.out)["weight_bytes"]

    def test_info_says_what_the_folder_holds(self):
        for what, files, stored in (("codes", int8.files(), "int8"),
                                    ("as made", make_tiny_model.files(), "bf16")):
            with self.subTest(what):
                folder = int8.write(self.folder / what, files)
                result = driver.run("info", "--model", folder, "--json")
                self.assertEqual(json.loads(result.out)["stored"], stored)

    def test_other_codes_make_another_fingerprint(self):
        fingerprints = set()
        sound = int8.coded(make_tiny_model.tensors())
        name = "model.layers.1.mlp.up_proj.weight"
        _, shape, data = sound[name]
        _, scale_shape, scales = sound[name + "_scale"]
        doubled = struct.pack("<e", 2 * struct.unpack("<e", scales[:2])[0]) + scales[2:]
        for number, changes in enumerate((
                {}, {name: ("I8", shape, bytes([data[0] ^ 1]) + data[1:])},
                {name + "_scale": ("F16", scale_shape, doubled)})):
            folder = int8.write(self.folder / str(number), int8.files(tensors={**sound, **changes}))
            fingerprints.add(json.loads(driver.run("info", "--model", folder, "--json").out)["fingerprint"])
        self.assertEqual(len(fingerprints), 3)


if __name__ == "__main__":
    unittest.main()
