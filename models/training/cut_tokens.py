"""Cuts a tokenizer.json to fewer tokens, so that text which needs no dropped
token has the tokens it had.

What must stay, besides what occurs: added tokens (they are matched in the text
itself), single characters, and what kept tokens need.

- **BPE**: every token that a kept one is merged from. A merge that the text's
  spelling uses is then there, and one that is gone could only have been passed over.
- **WordPiece** merges nothing: it takes the longest token that fits, so any token
  may go without a change to text that does not need it. But what a dropped token
  spelt must still be spelt, not become [UNK]. So each character stays, at a word's
  begin ("c") and within it ("##c").
"""

import copy
from collections import Counter
from typing import Iterable

Token = str


def tokens_by_id(tokenizer: dict) -> dict[int, Token]:
    """Of a parsed tokenizer.json, added tokens among them."""
    vocabulary = {i: token for token, i in tokenizer["model"]["vocab"].items()}
    return vocabulary | {row["id"]: row["content"] for row in tokenizer["added_tokens"]}


def kept_ids(tokenizer: dict, counts: Counter, least: int) -> list[int]:
    """Ascending: what occurs at least `least` times, and what must stay. `counts` is by id."""
    kind = tokenizer["model"]["type"]
    if kind not in NEEDS:
        raise ValueError(f"tokenizer.json: model type {kind}; can cut {', '.join(NEEDS)}")
    tokens = tokens_by_id(tokenizer)
    added = {row["content"] for row in tokenizer["added_tokens"]}
    seen = {tokens[i] for i, count in counts.items() if count >= least}
    keep = added | seen | NEEDS[kind](tokenizer["model"], seen, added)
    return sorted(i for i, token in tokens.items() if token in keep)


def bpe_needs(model: dict, seen: set[Token], added: set[Token]) -> set[Token]:
    for field in ("continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"):
        if model.get(field):
            raise ValueError(f"tokenizer.json: {field} is {model[field]!r}; can cut byte-level BPE without it")
    ranks = {pair: rank for rank, pair in enumerate(merges_of(model))}
    single = {token for token in model["vocab"] if len(token) == 1} | {model.get("unk_token")}
    # A token that is added too may be merged all the same: where it is not a word of its own, say.
    merged = (seen | added) & model["vocab"].keys()
    return single.union(*(spelling(token, ranks) for token in merged)) - {None}


def merges_of(model: dict) -> list[tuple[Token, Token]]:
    """Older files write a merge as one string."""
    return [tuple(merge.split(" ") if isinstance(merge, str) else merge) for merge in model["merges"]]


def spelling(token: Token, ranks: dict[tuple[Token, Token], int]) -> set[Token]:
    """All that merging the token's own characters makes on the way.

    Wherever a text has the token, these merges have made it: none of them can
    reach over its borders. A token that its characters do not lead to (Llama 3
    has some: `ignore_merges`) is read as a whole word only, and needs nothing.
    """
    parts, made = list(token), set()
    while pairs := [pair for pair in zip(parts, parts[1:]) if pair in ranks]:
        best = min(pairs, key=ranks.get)
        parts = _merge(parts, best)
        made.add(best[0] + best[1])
    return made if parts == [token] else set()


def _merge(parts: list[Token], pair: tuple[Token, Token]) -> list[Token]:
    merged: list[Token] = []
    i = 0
    while i < len(parts):
        whole = tuple(parts[i:i + 2]) == pair
        merged.append(parts[i] + parts[i + 1] if whole else parts[i])
        i += 2 if whole else 1
    return merged


def wordpiece_needs(model: dict, _seen: set[Token], added: set[Token]) -> set[Token]:
    prefix, vocabulary = model["continuing_subword_prefix"], model["vocab"]
    begins, within = {}, set()  # the words that begin with a character; characters elsewhere
    for token in vocabulary.keys() - added:
        inside = token.startswith(prefix) and token != prefix
        within.update(token[len(prefix):] if inside else token[1:])
        if not inside:
            begins.setdefault(token[0], set()).add(token)
    lacking = sorted(c for c in within if prefix + c not in vocabulary)
    if lacking:
        raise ValueError(f"tokenizer.json: no token {prefix + lacking[0]!r}, so a word with {lacking[0]!r} may "
                         "become unknown once longer tokens are gone; wanted one for each character")
    words = set().union(*({c} if c in words else words for c, words in begins.items()))
    return words | {prefix + c for c in within} | {model["unk_token"]}


NEEDS = {"BPE": bpe_needs, "WordPiece": wordpiece_needs}


def cut(tokenizer: dict, kept: Iterable[int]) -> dict:
    """A tokenizer.json of the tokens `kept`, numbered in their old order."""
    new = {old: i for i, old in enumerate(kept)}
    result = copy.deepcopy(tokenizer)
    model = result["model"]
    model["vocab"] = {token: new[i] for token, i in model["vocab"].items() if i in new}
    if "merges" in model:
        known = model["vocab"]
        model["merges"] = [list(m) for m in merges_of(model) if {*m, "".join(m)} <= known.keys()]
    for row in result["added_tokens"]:
        row["id"] = new[row["id"]]
    if result.get("padding"):
        result["padding"]["pad_id"] = new[result["padding"]["pad_id"]]
    renumber_processor(result.get("post_processor"), new)
    return result


def renumber_processor(processor: dict | None, new: dict[int, int]) -> None:
    if not processor:
        return
    for part in processor.get("processors", []):
        renumber_processor(part, new)
    for special in processor.get("special_tokens", {}).values():  # TemplateProcessing
        special["ids"] = [new[i] for i in special["ids"]]
    for name in {"cls", "sep"} & processor.keys():  # BertProcessing, RobertaProcessing: [token, id]
        processor[name][1] = new[processor[name][1]]


def renumber_config(config: dict, new: dict[int, int]) -> dict:
    """config.json with the ids of its special tokens and the vocabulary's size set right."""
    result = config | {"vocab_size": len(new)}
    for name, value in config.items():
        if name.endswith("_token_id") and value is not None:
            result[name] = [new[i] for i in value] if isinstance(value, list) else new[value]
    return result
