"""SmolLM2-135M with fewer layers, fewer tokens and a fresh head."""

from pathlib import Path

import torch
from tokenizers import Tokenizer

import vocabulary
from llama import CrossEncoder, Shape
from smollm2 import SmolLM2, packaged_file

# Layers where a head looks for the same word elsewhere (2, 5, 7, 8 look 8 to 12
# times more at equal words than at others), on top of the two that read words.
LAYERS = [0, 1, 2, 5, 7, 8]
# Seen this often in 23 million tokens of English train text; leaves about 31,000
# of 49,152 tokens and 78 MB in bfloat16.
LEAST_COUNT = 50
MAX_TOKENS = 512
HEAD_STD = 0.05  # a zero head did not leave chance level


def build(lists: Path) -> tuple[CrossEncoder, Tokenizer]:
    source = SmolLM2(packaged_file())
    whole = vocabulary.build_tokenizer(source.tokens, source.merges)
    counts = vocabulary.count_tokens(whole, vocabulary.train_texts(lists))
    tokens, merges = vocabulary.cut(source.tokens, source.merges, counts, LEAST_COUNT)
    kept = set(tokens)
    covered = sum(n for i, n in counts.items() if source.tokens[i] in kept)
    print(f"{len(tokens)} tokens cover {covered / counts.total():.2%} of {counts.total()} tokens of text")
    return cut(source, tokens, LAYERS), vocabulary.build_tokenizer(tokens, merges)


def cut(source: SmolLM2, tokens: list[str], layers: list[int]) -> CrossEncoder:
    """SmolLM2's `layers` over the rows of `tokens`."""
    model = CrossEncoder(shape(source, len(tokens), len(layers)))
    rows = source.embeddings()
    where = {token: i for i, token in enumerate(source.tokens)}
    mean = rows.mean(0)  # for the bytes that SmolLM2 has no token for
    state = {"model.embed_tokens.weight": torch.stack([rows[where[t]] if t in where else mean for t in tokens])}
    for i, layer in enumerate(layers):
        state |= {f"model.layers.{i}.{name}": value for name, value in source.layer(layer).items()}
    state["model.norm.weight"] = source.final_norm()
    state["score.weight"] = torch.randn(1, source.hidden_size) * HEAD_STD
    model.load_state_dict(state)
    return model


def shape(source: SmolLM2, num_tokens: int, num_layers: int) -> Shape:
    return Shape(
        vocab_size=num_tokens, max_position_embeddings=MAX_TOKENS, num_hidden_layers=num_layers,
        hidden_size=source.hidden_size, intermediate_size=source.intermediate_size,
        num_attention_heads=source.num_heads, num_key_value_heads=source.num_key_value_heads,
        head_dim=source.hidden_size // source.num_heads, rope_theta=source.rope_theta, rms_norm_eps=1e-5)
