"""Quick checks of the BERT family, on tiny random models:  pytest test_bert.py"""

import json
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save
from tokenizers import Tokenizer

import bert
import folder
import minilm
import pair_cosine
from inputs import Inputs, pack
from pair_cosine import sums
from toy import tiny_bert, tiny_pair_cosine, word_tokenizer


def test_a_tokenizer_neither_pads_nor_cuts_of_its_own(tmp_path):
    folder.save(tmp_path, *tiny_bert(), None)
    asks = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    asks.enable_padding(length=64)
    asks.enable_truncation(4)
    asks.save(str(tmp_path / "tokenizer.json"))  # as sentence-transformers has it
    model, tokenizer, _ = folder.load(tmp_path)
    [sequence] = model.encode(tokenizer, "red", ["red red"], 512)
    assert len(sequence.ids) == 6 and len(tokenizer.encode("red red").ids) == 4


@pytest.mark.parametrize("tiny, family", [(tiny_bert, bert), (tiny_pair_cosine, pair_cosine)])
def test_an_exported_bert_gives_the_logits_of_transformers(tiny, family, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_MODULES_CACHE", str(tmp_path / "modules"))
    transformers = pytest.importorskip("transformers")
    folder.save(tmp_path, *tiny(), None)
    model, tokenizer, _ = folder.load(tmp_path)
    theirs = transformers.AutoModelForSequenceClassification.from_pretrained(
        tmp_path, dtype=torch.float32, trust_remote_code=True).eval()
    assert type(theirs).__name__ == family.ARCHITECTURE
    encode = transformers.AutoTokenizer.from_pretrained(tmp_path)

    passages = [" ".join(["red"] * n) for n in (1, 19, 111, 257)]
    ours = model(model.encode(tokenizer, "where is the cat", passages, 512))
    expected = [theirs(**encode("where is the cat", p, return_tensors="pt")).logits[0] for p in passages]
    assert torch.allclose(ours, torch.cat(expected), atol=1e-4)


def test_the_code_beside_the_shipped_weights_is_the_training_s():
    source = Path(pair_cosine.__file__).with_name(pair_cosine.MODELING)
    shipped = source.parents[1] / "small" / pair_cosine.MODELING
    assert shipped.read_text(encoding="utf-8") == source.read_text(encoding="utf-8")


def test_a_pair_has_its_own_types_and_a_long_passage_loses_its_end():
    model, tokenizer = tiny_bert()
    short, long = model.encode(tokenizer, "red cat", ["blue owl", "hen " * 40], max_tokens=8)
    spell = lambda sequence: [tokenizer.id_to_token(i) for i in sequence.ids]
    assert spell(short) == ["[CLS]", "red", "cat", "[SEP]", "blue", "owl", "[SEP]"]
    assert short.type_ids == [0, 0, 0, 0, 1, 1, 1]
    assert spell(long) == ["[CLS]", "red", "cat", "[SEP]", "hen", "hen", "hen", "[SEP]"]


@pytest.fixture
def packaged(tmp_path, monkeypatch) -> dict[str, torch.Tensor]:
    """The body of a tiny bi-encoder, in place of the package's file."""
    model, _ = tiny_bert()
    body = {name.removeprefix("bert."): value for name, value in model.state_dict().items() if "bert." in name}
    tokenizer = word_tokenizer()
    tokenizer.enable_truncation(6)
    tokenizer.enable_padding(length=6)
    with zipfile.ZipFile(tmp_path / "model.zip", "w") as archive:
        archive.writestr("config.json", json.dumps(vars(model.shape)))
        archive.writestr("model.safetensors", save(body | {"embeddings.position_ids": torch.arange(512)}))
        archive.writestr("tokenizer.json", tokenizer.to_str())
    monkeypatch.setattr(minilm, "packaged_file", lambda: tmp_path / "model.zip")
    return body


def test_the_minilm_start_is_the_packaged_model_with_a_classifier(packaged):
    built, plain = minilm.build()
    for name, value in packaged.items():
        assert torch.equal(built.state_dict()[f"bert.{name}"], value), name
    assert len(plain.encode("cat")) == 3 and len(plain.encode("cat " * 9)) == 11


def test_the_pair_cosine_start_is_the_packaged_body_and_scores_by_the_cosine_alone(packaged):
    built, tokenizer = minilm.build_pair_cosine()
    state = built.state_dict()
    for name, value in packaged.items():
        assert "pooler" in name or torch.equal(state[f"bert.{name}"], value), name
    sequences = built.encode(tokenizer, "red cat", ["blue owl", "red cat"], 64)
    inputs = Inputs.of(pack(sequences), torch.device("cpu"))
    query, passage = sums(built.bert(inputs), inputs)
    assert torch.allclose(built(sequences), 10 * torch.cosine_similarity(query, passage), atol=1e-5)


def test_the_cosine_compares_each_sequence_s_own_query_and_passage():
    model, tokenizer = tiny_pair_cosine()
    sequences = model.encode(tokenizer, "red cat", ["blue owl", "hen " * 19], 64)
    inputs = Inputs.of(pack(sequences), torch.device("cpu"))
    states = torch.randn(len(inputs.ids), 5)
    query, passage = sums(states, inputs)
    assert torch.allclose(query, torch.stack([states[0:4].sum(0), states[7:11].sum(0)]), atol=1e-5)
    assert torch.allclose(passage, torch.stack([states[4:7].sum(0), states[11:].sum(0)]), atol=1e-5)
