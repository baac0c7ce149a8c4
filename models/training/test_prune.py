"""Quick checks of pruning and recovery, on tiny random models:  pytest test_prune.py"""

import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Tokenizer
from tokenizers.pre_tokenizers import ByteLevel

import cut_layers
import cut_tokens
import distill
import folder
import llama
import prune
import stored
import vocabulary
from cut_layers import Sample
from lists import Lists
from loss import list_divergence
from states import States, unexplained
from toy import PLAN, tiny_bert, tiny_llama, tiny_pair_cosine, word_tokenizer

all_families = pytest.mark.parametrize("tiny", [tiny_llama, tiny_bert, tiny_pair_cosine])


def deeper(tiny, num_layers: int):
    """The tiny model with more layers, no two alike, each of weight, and logits that tell passages apart."""
    model, tokenizer = tiny()
    torch.manual_seed(7)
    model = type(model)(replace(model.shape, num_hidden_layers=num_layers))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.startswith(("score.", "classifier.")):
                parameter *= 100
            elif parameter.dim() > 1 and parameter is not model.word_embeddings.weight:
                parameter *= 3
    return model, tokenizer


def write_folder(path: Path, tiny, num_layers: int = 4) -> Path:
    folder.save(path, *deeper(tiny, num_layers), (2.5, 0.5))
    return path


def test_rows_of_a_stored_tensor_are_those_of_the_tensor(tmp_path):
    whole = {"a.weight": torch.randn(7, 3).bfloat16(), "b": torch.arange(5, dtype=torch.int8), "c": torch.tensor(2.0)}
    save_file(whole, tmp_path / "model.safetensors")
    tensors = stored.read(tmp_path)
    tensors["a.weight"] = tensors["a.weight"].rows([0, 1, 4, 6])
    stored.write(tmp_path / "cut.safetensors", tensors)
    cut = load_file(tmp_path / "cut.safetensors")
    assert torch.equal(cut["a.weight"], whole["a.weight"][[0, 1, 4, 6]])
    assert torch.equal(cut["b"], whole["b"]) and torch.equal(cut["c"], whole["c"])


def test_shards_are_read_as_one(tmp_path):
    shards = {"one.safetensors": {"a": torch.randn(3)}, "two.safetensors": {"b": torch.randn(2, 2)}}
    for name, tensors in shards.items():
        save_file(tensors, tmp_path / name)
    index = {"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    stored.write(tmp_path / "whole.safetensors", stored.read(tmp_path))
    whole = load_file(tmp_path / "whole.safetensors")
    loaded = folder.load_tensors(tmp_path)
    for name, value in (shards["one.safetensors"] | shards["two.safetensors"]).items():
        assert torch.equal(whole[name], value) and torch.equal(loaded[name], value)

    save_file({"c": torch.zeros(1)}, tmp_path / "model.safetensors")  # the library reads it and no shard
    assert list(stored.read(tmp_path)) == list(folder.load_tensors(tmp_path)) == ["c"]


def test_a_folder_saved_anew_has_none_of_its_sources_tensors(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for name in ("one.safetensors", "model.safetensors.index.json", "config.json", "tokenizer.json"):
        (source / name).write_text("{}")
    folder.save_as(source, tmp_path / "out", {"c": torch.zeros(1)}, {})
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["config.json", "model.safetensors", "tokenizer.json"]


@all_families
def test_a_depth_cut_keeps_the_named_layers_bit_for_bit(tiny, tmp_path):
    prune.cut(write_folder(tmp_path / "whole", tiny), tmp_path / "cut", layers=[0, 3], ids=None)
    (whole, _, _), (cut, _, config) = folder.load(tmp_path / "whole"), folder.load(tmp_path / "cut")
    assert config["num_hidden_layers"] == 2 and config["first_stage"] == {"max_weight": 2.5, "zscore_weight": 0.5}
    with cut_layers.only(whole, [0, 3]):
        expected = whole.state_dict()
    assert cut.state_dict().keys() == expected.keys()
    assert all(torch.equal(cut.state_dict()[name], value) for name, value in expected.items())


def test_a_cut_bert_gives_the_logits_of_transformers(tmp_path):
    transformers = pytest.importorskip("transformers")
    whole, cut = write_folder(tmp_path / "whole", tiny_bert), tmp_path / "cut"
    prune.cut(whole, cut, [1, 2, 3], spared(whole, "qxz"))
    model, tokenizer, _ = folder.load(cut)
    theirs = transformers.AutoModelForSequenceClassification.from_pretrained(cut, dtype=torch.float32).eval()
    encode = transformers.AutoTokenizer.from_pretrained(cut)
    passages = ["red cat", "a purple owl " * 19]
    ours = model(model.encode(tokenizer, "where is the dog", passages, 512))
    expected = [theirs(**encode("where is the dog", p, return_tensors="pt")).logits[0] for p in passages]
    assert torch.allclose(ours, torch.cat(expected), atol=1e-4)


def spared(model: Path, text: str) -> list[int]:
    """The ids that a cut to the tokens of `text` keeps."""
    counts = Counter(Tokenizer.from_file(str(model / "tokenizer.json")).encode(text).ids)
    return cut_tokens.kept_ids(prune.read_json(model / "tokenizer.json"), counts, least=1)


@pytest.mark.parametrize("layers", [[], [2, 1], [1, 1], [0, 4], [-1]])
def test_layers_that_are_not_there_or_out_of_order_are_refused(layers, tmp_path):
    model = write_folder(tmp_path / "whole", tiny_bert)
    with pytest.raises(ValueError, match="wanted some of 0 to 3, ascending"):
        prune.cut(model, tmp_path / "cut", layers, None)


@all_families
def test_a_vocabulary_cut_keeps_the_rows_and_the_logits(tiny, tmp_path):
    model = write_folder(tmp_path / "whole", tiny)
    ids = spared(model, "red cat")
    dropped = {Tokenizer.from_file(str(model / "tokenizer.json")).token_to_id("hen")} - {None}
    assert dropped.isdisjoint(ids)
    prune.cut(model, tmp_path / "cut", None, ids)
    (whole, whole_tokens, _), (cut, cut_tokens_, config) = folder.load(model), folder.load(tmp_path / "cut")
    assert config["vocab_size"] == len(ids) == cut_tokens_.get_vocab_size()
    assert torch.equal(cut.word_embeddings.weight, whole.word_embeddings.weight[ids])
    passages = ["a red cat", "red " * 19]
    ours, theirs = (m(m.encode(t, "red cat", passages, 512)) for m, t in ((cut, cut_tokens_), (whole, whole_tokens)))
    assert torch.equal(ours, theirs)


def test_the_scales_of_int8_rows_go_with_their_rows(tmp_path):
    name = "bert.embeddings.word_embeddings.weight"
    whole = {name: torch.arange(12, dtype=torch.int8).view(4, 3), f"{name}_scale": torch.rand(4, 1), "classifier.bias": torch.rand(1)}
    save_file(whole, tmp_path / "model.safetensors")
    stored.write(tmp_path / "cut.safetensors", prune.keep_rows(stored.read(tmp_path), [0, 3]))
    cut = load_file(tmp_path / "cut.safetensors")
    assert torch.equal(cut[name], whole[name][[0, 3]]) and torch.equal(cut[f"{name}_scale"], whole[f"{name}_scale"][[0, 3]])
    assert torch.equal(cut["classifier.bias"], whole["classifier.bias"])


def test_a_cut_overwrites_no_folder_and_not_the_model_itself(tmp_path, monkeypatch, capsys):
    model = write_folder(tmp_path / "whole", tiny_bert)
    prune.cut(model, tmp_path / "cut", [0], None)
    for out in (tmp_path / "cut", tmp_path / "whole" / "."):
        before = (out / "model.safetensors").read_bytes()
        with pytest.raises(FileExistsError):
            prune.cut(model, out, [1, 2], None)
        assert (out / "model.safetensors").read_bytes() == before
    monkeypatch.setattr("sys.argv", ["prune", "--model", str(model), "--keep", "0", "--out", str(tmp_path / "cut")])
    with pytest.raises(SystemExit):
        prune.main()
    assert "cut is there; wants a new folder" in capsys.readouterr().err


def test_ids_in_the_config_follow_the_tokens():
    config = {"vocab_size": 9, "pad_token_id": 3, "eos_token_id": [3, 7], "bos_token_id": None, "hidden_size": 8}
    cut = cut_tokens.renumber_config(config, {1: 0, 3: 1, 7: 2})
    assert cut == {"vocab_size": 3, "pad_token_id": 1, "eos_token_id": [1, 2], "bos_token_id": None, "hidden_size": 8}


def random_bpe(rng: random.Random, ignore_merges: bool) -> Tokenizer:
    """Merges at random over few letters, the same token sometimes from several pairs, as in Llama 3."""
    tokens = vocabulary.SPECIAL_TOKENS + sorted(ByteLevel.alphabet())
    parts, merges = list("abcĠ"), []
    while len(merges) < 60:
        pair = rng.choice(parts), rng.choice(parts)
        if pair not in merges and len("".join(pair)) < 7:
            merges.append(pair)
            parts.append("".join(pair))
    tokens += sorted(set(parts) - set(tokens))
    settings = json.loads(vocabulary.build_tokenizer(tokens, merges).to_str())
    settings["model"]["ignore_merges"] = ignore_merges
    return Tokenizer.from_str(json.dumps(settings))


def assert_same_where_nothing_dropped_is_needed(whole: Tokenizer, cut: Tokenizer, texts: list[str]) -> None:
    known, same = cut.get_vocab(), 0
    for text in texts:
        expected = whole.encode(text).tokens
        if all(token in known for token in expected):
            assert cut.encode(text).tokens == expected, text
            same += 1
    assert len(texts) / 20 < same < len(texts)  # or nothing was shown


@pytest.mark.parametrize("ignore_merges", [False, True])
def test_a_cut_bpe_spells_text_that_needs_no_dropped_token_as_before(ignore_merges):
    rng = random.Random(4)
    texts = ["".join(rng.choices("abc ", k=rng.randint(1, 19))) for _ in range(400)]
    for _ in range(20):
        whole = random_bpe(rng, ignore_merges)
        counts = vocabulary.count_tokens(whole, texts[:9])
        settings = json.loads(whole.to_str())
        kept = cut_tokens.kept_ids(settings, counts, least=2)
        cut = Tokenizer.from_str(json.dumps(cut_tokens.cut(settings, kept)))
        assert cut.get_vocab_size() < whole.get_vocab_size()
        assert_same_where_nothing_dropped_is_needed(whole, cut, texts)


def test_an_added_token_that_merges_make_too_keeps_what_it_is_merged_from():
    tokens = vocabulary.SPECIAL_TOKENS + sorted(ByteLevel.alphabet()) + ["or", "wor", "word", "at"]
    whole = vocabulary.build_tokenizer(tokens, [("o", "r"), ("w", "or"), ("wor", "d"), ("a", "t")])
    whole.add_tokens([AddedToken("word", single_word=True)])
    settings = json.loads(whole.to_str())
    cut = Tokenizer.from_str(json.dumps(cut_tokens.cut(settings, cut_tokens.kept_ids(settings, Counter(), least=1))))
    assert whole.encode("sword").tokens == cut.encode("sword").tokens == ["s", "word"]
    assert cut.encode("at").tokens == ["a", "t"]


def test_a_merged_token_keeps_what_it_is_merged_from():
    ranks = {("a", "b"): 0, ("c", "d"): 1, ("ab", "cd"): 2, ("b", "c"): 3, ("a", "bc"): 4}
    assert cut_tokens.spelling("abcd", ranks) == {"ab", "cd", "abcd"}
    assert cut_tokens.spelling("abc", ranks) == set()  # "ab", "c": only a whole word can be that token


def test_a_cut_wordpiece_spells_as_before_and_makes_nothing_unknown(tmp_path):
    rng = random.Random(4)
    whole = word_tokenizer()
    texts = [" ".join(rng.choices(["red", "redcat", "cat", "catq", "owl", "owlowl", "é", "a"], k=rng.randint(1, 5)))
             for _ in range(400)]
    settings = json.loads(whole.to_str())
    kept = cut_tokens.kept_ids(settings, Counter({whole.token_to_id("red"): 1}), least=1)
    cut = Tokenizer.from_str(json.dumps(cut_tokens.cut(settings, kept)))
    assert "red" in cut.get_vocab() and "owl" not in cut.get_vocab()
    assert_same_where_nothing_dropped_is_needed(whole, cut, texts)
    for text in texts:
        assert cut.encode(text).tokens.count("[UNK]") == whole.encode(text).tokens.count("[UNK]"), text
    assert cut.encode("owl").tokens == ["[CLS]", "o", "##w", "##l", "[SEP]"]


def test_a_wordpiece_that_lacks_a_character_within_words_is_not_cut():
    settings = json.loads(word_tokenizer().to_str())
    del settings["model"]["vocab"]["##w"]  # "owl" could no longer be spelt
    with pytest.raises(ValueError, match="no token '##w'"):
        cut_tokens.kept_ids(settings, Counter(), least=1)


def test_a_word_whose_first_letter_is_no_token_stays():
    settings = json.loads(word_tokenizer().to_str())
    del settings["model"]["vocab"]["o"]
    tokens = cut_tokens.tokens_by_id(settings)
    kept = {tokens[i] for i in cut_tokens.kept_ids(settings, Counter(), least=1)}
    assert {"owl", "orange"} <= kept and "hen" not in kept


def test_a_tokenizer_of_another_kind_is_refused():
    settings = {"model": {"type": "Unigram", "vocab": {}}, "added_tokens": []}
    with pytest.raises(ValueError, match="model type Unigram; can cut BPE, WordPiece"):
        cut_tokens.kept_ids(settings, Counter(), least=1)


def with_idle_layers(tiny, idle: list[int]):
    """Four layers, of which `idle` ones give their input back."""
    model, tokenizer = deeper(tiny, 4)
    with torch.no_grad():
        for i in idle:
            for name, parameter in cut_layers.layer_stack(model)[2][i].named_parameters():
                if name.startswith(("self_attn.o_proj", "mlp.down_proj")) or "output.dense" in name:
                    parameter.zero_()
    return model, tokenizer


@all_families
@pytest.mark.parametrize("rule", ["influence", "divergence"])
def test_layers_that_do_nothing_go_first(tiny, rule, lists):
    model, tokenizer = with_idle_layers(tiny, [1, 2])
    sample = Sample.draw(lists, model, tokenizer, count=4, seed=1)
    choice = cut_layers.RULES[rule](model, sample, 2)
    assert choice.layers == [0, 3]
    with cut_layers.only(model, choice.layers):
        cut = sample.scores(model)
    assert cut_layers.divergence(sample.scores(model), cut) == pytest.approx(0, abs=1e-6)


@all_families
def test_the_loss_rule_takes_the_cut_with_the_least_loss(tiny, lists):
    model, tokenizer = deeper(tiny, 3)
    sample, loss = Sample.draw(lists, model, tokenizer, count=4, seed=1), {}
    for gone in range(3):
        with cut_layers.only(model, [i for i in range(3) if i != gone]):
            loss[gone] = cut_layers.cross_entropy(sample.scores(model))
    assert set(cut_layers.RULES["loss"](model, sample, 2).layers) == {0, 1, 2} - {min(loss, key=loss.get)}


def test_the_divergence_of_a_list_is_the_kl_of_its_softmaxes():
    p, q = torch.tensor([[0.5, 0.5, 0.0]]).log(), torch.tensor([[0.8, 0.2, 0.0]]).log()
    assert list_divergence(p + 3, q).item() == pytest.approx(0.2231, abs=1e-4)  # .5 ln(.5/.8) + .5 ln(.5/.2)
    assert list_divergence(p, p - 1).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("cut_words", [False, True])
@all_families
def test_recovery_lowers_the_divergence_from_the_teacher(tiny, cut_words, lists, tmp_path):
    teacher = write_folder(tmp_path / "whole", tiny)
    prune.cut(teacher, tmp_path / "cut", [0, 2], spared(teacher, "where is the red cat") if cut_words else None)
    plan = replace(PLAN, learning_rate=1e-3, warm_up=1, stages=[replace(stage, lists=64) for stage in PLAN.stages])
    run = distill.Distiller(Lists(lists, "train"), tmp_path / "cut", plan, 1, teacher=teacher)
    before = run.step()["loss"]
    while run.position < run.total:
        run.step()
    run.jump(0)
    assert run.step()["loss"] < 0.6 * before  # on the same lists
    assert run.fusion.values() == (2.5, 0.5)


def test_scores_that_the_teacher_left_serve_the_next_student(lists, tmp_path, monkeypatch):
    teacher, scores = write_folder(tmp_path / "whole", tiny_bert), tmp_path / "scores.jsonl"
    prune.cut(teacher, tmp_path / "cut", [0, 2], None)
    make = lambda: distill.Distiller(
        Lists(lists, "train"), tmp_path / "cut", PLAN, 1, teacher=teacher, teacher_scores=scores)
    first = make()
    losses = [first.step()["loss"] for _ in range(2)]
    first.teacher.file.close()
    monkeypatch.setattr(distill.Teacher, "_compute", None)  # not called
    second = make()
    assert [second.step()["loss"] for _ in range(2)] == pytest.approx(losses, abs=1e-4)


def sharded(model: Path) -> Path:
    """The folder with its tensors in two files."""
    tensors = load_file(model / "model.safetensors")
    names = sorted(tensors)
    where = {name: f"model-{i % 2}.safetensors" for i, name in enumerate(names)}
    for shard in set(where.values()):
        save_file({name: tensors[name] for name in names if where[name] == shard}, model / shard)
    (model / "model.safetensors.index.json").write_text(json.dumps({"weight_map": where}))
    (model / "model.safetensors").unlink()
    return model


def test_a_teacher_in_shards_leaves_scores_too(lists, tmp_path):
    teacher = sharded(write_folder(tmp_path / "whole", tiny_bert))
    prune.cut(teacher, tmp_path / "cut", [0, 2], None)
    run = distill.Distiller(Lists(lists, "train"), tmp_path / "cut", PLAN, 1, teacher=teacher,
                            teacher_scores=tmp_path / "scores.jsonl")
    run.step()
    assert len((tmp_path / "scores.jsonl").read_text().splitlines()) == len(run.teacher.known) > 0


def test_a_run_is_taught_by_one_teacher_in_one_way(lists, tmp_path):
    teacher, other = write_folder(tmp_path / "whole", tiny_bert), write_folder(tmp_path / "deeper", tiny_bert, 5)
    prune.cut(teacher, tmp_path / "cut", [1, 3], None)
    ways = {"teacher": teacher, "temperature": 2.0, "label_weight": 0.0, "state_layers": [1, 3], "state_weight": 1.0}
    make = lambda **changes: distill.Distiller(Lists(lists, "train"), tmp_path / "cut", PLAN, 1, **ways | changes)
    make().save(tmp_path / "last.pt")
    make().resume(tmp_path / "last.pt")
    changed = {"teacher": other, "temperature": 1.0, "label_weight": 0.5, "state_layers": [0, 3], "state_weight": 2.0}
    for name, value in changed.items():
        with pytest.raises(ValueError, match=f"begun with another {name}: wants the same"):
            make(**{name: value}).resume(tmp_path / "last.pt")


@all_families
def test_states_bring_a_students_layers_to_the_teachers_that_they_stand_for(tiny, lists, tmp_path):
    teacher = write_folder(tmp_path / "whole", tiny)
    prune.cut(teacher, tmp_path / "cut", [1, 3], None)
    plan = replace(PLAN, learning_rate=1e-3, warm_up=1, stages=[replace(stage, lists=64) for stage in PLAN.stages])
    run = distill.Distiller(Lists(lists, "train"), tmp_path / "cut", plan, 1, teacher=teacher,
                            state_weight=1e3, state_layers=[1, 3])
    apart = lambda row: (row["loss"] - row["taught"]) / 1e3
    before = apart(run.step())
    while run.position < run.total:
        run.step()
    run.jump(0)
    assert before > 0.1 and apart(run.step()) < 0.8 * before  # on the same lists


def test_a_model_is_not_apart_from_itself_and_the_loss_is_the_kl_and_the_weighted_states(lists, tmp_path):
    teacher = write_folder(tmp_path / "whole", tiny_pair_cosine)
    make = lambda start, weight: distill.Distiller(
        Lists(lists, "train"), start, PLAN, 1, teacher=teacher, state_weight=weight, state_layers=[1, 3])
    prune.cut(teacher, tmp_path / "cut", [1, 3], None)
    once, twice = make(tmp_path / "cut", 1.0).step(), make(tmp_path / "cut", 2.0).step()
    assert once["taught"] == twice["taught"]
    assert twice["loss"] - twice["taught"] == pytest.approx(2 * (once["loss"] - once["taught"]), abs=1e-3)
    same = distill.Distiller(Lists(lists, "train"), teacher, PLAN, 1, teacher=teacher, state_weight=1.0,
                             state_layers=[0, 1, 2, 3])
    assert same.step()["loss"] == pytest.approx(0, abs=1e-5)


def test_the_unexplained_share_is_one_for_the_mean_row_and_none_for_the_rows():
    wanted = torch.tensor([[1.0, 2.0], [3.0, 2.0], [5.0, 8.0]])
    assert unexplained(wanted, wanted) == 0
    assert unexplained(wanted, wanted.mean(0).expand(3, 2)) == 1
    assert unexplained(wanted, wanted + torch.tensor([2.0, 0.0])).item() == pytest.approx(12 / 32)  # 3 * 4 of 8 + 24


def test_a_layer_that_the_teacher_lacks_is_refused():
    with pytest.raises(ValueError, match="layer 4 of a model with 4; wanted 0 to 3"):
        States(deeper(tiny_bert, 4)[0], [1, 4])


def test_each_layer_of_the_student_has_one_of_the_teachers(lists, tmp_path):
    teacher = write_folder(tmp_path / "whole", tiny_bert)
    prune.cut(teacher, tmp_path / "cut", [1, 3], None)
    with pytest.raises(ValueError, match="1 of the teacher's layers for 2 of the student's; wanted one each"):
        distill.Distiller(Lists(lists, "train"), tmp_path / "cut", PLAN, 1, teacher=teacher, state_layers=[3])


def test_labels_add_their_loss_and_free_the_fusion(lists, tmp_path):
    teacher = write_folder(tmp_path / "whole", tiny_bert)
    make = lambda weight: distill.Distiller(
        Lists(lists, "train"), teacher, PLAN, 1, teacher=teacher, label_weight=weight)
    alone, labelled = make(0.0), make(0.5)
    assert alone.step()["loss"] == pytest.approx(0, abs=1e-5)  # its own teacher
    loss = labelled.step()["loss"]
    assert loss > 0.1 and make(1.0).step()["loss"] == pytest.approx(2 * loss, rel=1e-3)
    start = torch.tensor([2.5, 0.5])
    assert torch.equal(alone.fusion.weights, start) and not torch.equal(labelled.fusion.weights, start)


def test_a_student_with_tokens_of_its_own_is_refused():
    with pytest.raises(ValueError, match="the teacher has no token"):
        distill.ids_of(word_tokenizer(), tiny_llama()[1])


def test_the_positions_of_a_llama_3_turn_as_in_transformers():
    rope = pytest.importorskip("transformers.modeling_rope_utils").ROPE_INIT_FUNCTIONS["llama3"]
    config = pytest.importorskip("transformers").LlamaConfig
    scaling = {"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
               "original_max_position_embeddings": 256}
    shape = replace(tiny_llama()[0].shape, rope_theta=5e5, rope_scaling=scaling)
    expected, _ = rope(config(hidden_size=48, num_attention_heads=3, head_dim=16,
                              rope_parameters=scaling | {"rope_theta": 5e5}), torch.device("cpu"))
    cos, _ = llama.rotation_table(torch.arange(257), shape)
    assert torch.allclose(cos[:, :8], torch.outer(torch.arange(257.0), expected).cos(), atol=1e-5)
    for other in ({"rope_type": "linear"}, {"type": "linear"}):  # as transformers has it, and as it had it
        with pytest.raises(ValueError, match="wanted null or rope_type llama3"):
            llama.scaled(expected, other)
