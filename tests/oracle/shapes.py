"""The shapes of the checkpoints that the oracle makes, by name.

`500m` and `1b` are the published ones; the others are small enough to make, load and run in a test,
and each is odd in its own way, so that a size that is assumed rather than read shows.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """The numbers of one config.json that differ from shape to shape."""

    hidden: int
    layers: int
    ffn: int
    heads: int
    kv_heads: int
    head_dim: int
    temperature: float = 1.0
    vocab: int = 128256  # the real Llama 3 vocabulary everywhere: the tokenizer is part of what is tested


SHAPES = {
    "500m": Shape(2048, 8, 8192, 32, 8, 64),
    "1b": Shape(2048, 16, 8192, 32, 8, 64),
    "small": Shape(576, 8, 1536, 9, 3, 64, temperature=0.75),
    "head128": Shape(512, 4, 1408, 4, 2, 128, temperature=1.5),
    "tiny": Shape(128, 2, 352, 2, 1, 64, temperature=0.5),
    # heads x head_dim is not hidden: q_proj and o_proj are not square, as config.json allows.
    "oblong": Shape(96, 2, 160, 4, 2, 32, temperature=0.75),
}


def tensor_shapes(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Every tensor of the checkpoint by its full name (`model.` included), in file order."""
    q, kv = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    tensors = {"model.embed_tokens.weight": (shape.vocab, shape.hidden)}
    for i in range(shape.layers):
        tensors |= {
            f"model.layers.{i}.input_layernorm.weight": (shape.hidden,),
            f"model.layers.{i}.self_attn.q_proj.weight": (q, shape.hidden),
            f"model.layers.{i}.self_attn.k_proj.weight": (kv, shape.hidden),
            f"model.layers.{i}.self_attn.v_proj.weight": (kv, shape.hidden),
            f"model.layers.{i}.self_attn.o_proj.weight": (shape.hidden, q),
            f"model.layers.{i}.post_attention_layernorm.weight": (shape.hidden,),
            f"model.layers.{i}.mlp.gate_proj.weight": (shape.ffn, shape.hidden),
            f"model.layers.{i}.mlp.up_proj.weight": (shape.ffn, shape.hidden),
            f"model.layers.{i}.mlp.down_proj.weight": (shape.hidden, shape.ffn),
        }
    return tensors | {"model.norm.weight": (shape.hidden,), "score.weight": (1, shape.hidden)}
