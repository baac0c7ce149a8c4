"""The cross-encoder: a Llama whose tokens see each other both ways, the mean of
its last states, one number."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from tokenizers import Encoding, Tokenizer
from torch import nn

from attention import attend
from inputs import Inputs, pack
from layout import Layout

ARCHITECTURE = "LlamaBidirectionalForSequenceClassification"
CONFIG = {
    "model_type": "llama_bidirec",
    "pooling": "avg",
    "hidden_act": "silu",
    "attention_bias": False,
    "mlp_bias": False,
    "tie_word_embeddings": False,
    "bos_token_id": None,
    "eos_token_id": None,
}


@dataclass(frozen=True)
class Shape:
    vocab_size: int
    max_position_embeddings: int
    num_hidden_layers: int
    hidden_size: int
    intermediate_size: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    rope_theta: float
    rms_norm_eps: float
    rope_scaling: dict | None = None  # as Llama 3 has it, or none
    temperature: float = 1.0  # that the logit is divided by


class RmsNorm(nn.Module):
    def __init__(self, size: int, eps: float):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.rms_norm(x, (x.shape[-1],), self.weight, self.eps)


class Attention(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.num_heads, self.num_kv, self.head_dim = shape.num_attention_heads, shape.num_key_value_heads, shape.head_dim
        self.q_proj = nn.Linear(shape.hidden_size, self.num_heads * self.head_dim, bias=False)
        self.k_proj = nn.Linear(shape.hidden_size, self.num_kv * self.head_dim, bias=False)
        self.v_proj = nn.Linear(shape.hidden_size, self.num_kv * self.head_dim, bias=False)
        self.o_proj = nn.Linear(self.num_heads * self.head_dim, shape.hidden_size, bias=False)

    def forward(self, x, rotation, tokens: Layout):
        split = lambda y, heads: y.view(-1, heads, self.head_dim).transpose(0, 1)  # (heads, tokens, head_dim)
        q = rotate(split(self.q_proj(x), self.num_heads), rotation)
        k = rotate(split(self.k_proj(x), self.num_kv), rotation)
        v = split(self.v_proj(x), self.num_kv)
        group = self.num_heads // self.num_kv
        k, v = k.repeat_interleave(group, dim=0), v.repeat_interleave(group, dim=0)
        return self.o_proj(attend(q, k, v, tokens, tokens))


class Mlp(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.gate_proj = nn.Linear(shape.hidden_size, shape.intermediate_size, bias=False)
        self.up_proj = nn.Linear(shape.hidden_size, shape.intermediate_size, bias=False)
        self.down_proj = nn.Linear(shape.intermediate_size, shape.hidden_size, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.input_layernorm = RmsNorm(shape.hidden_size, shape.rms_norm_eps)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = RmsNorm(shape.hidden_size, shape.rms_norm_eps)
        self.mlp = Mlp(shape)

    def forward(self, x, rotation, tokens: Layout):
        x = x + self.self_attn(self.input_layernorm(x), rotation, tokens)
        return x + self.mlp(self.post_attention_layernorm(x))


class Body(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocab_size, shape.hidden_size)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.num_hidden_layers))
        self.norm = RmsNorm(shape.hidden_size, shape.rms_norm_eps)


class CrossEncoder(nn.Module):
    """Parameter names are Hugging Face's, so state_dict() is the export."""

    HEAD = ("score.",)
    SCALES = ()

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        self.model = Body(shape)
        self.score = nn.Linear(shape.hidden_size, 1, bias=False)

    @property
    def word_embeddings(self) -> nn.Embedding:
        return self.model.embed_tokens

    @staticmethod
    def encode(tokenizer: Tokenizer, query: str, passages: list[str], max_tokens: int) -> list[Encoding]:
        """One prompt a passage; one that is too long loses its end."""
        encodings = tokenizer.encode_batch_fast([prompt(query, passage) for passage in passages])
        for encoding in encodings:
            encoding.truncate(max_tokens)
        return encodings

    def forward(self, sequences: list[Encoding]) -> torch.Tensor:
        """One logit a sequence."""
        return self.logits(Inputs.of(pack(sequences), self.word_embeddings.weight.device))

    def logits(self, inputs: Inputs) -> torch.Tensor:
        x = self.model.embed_tokens(inputs.ids)  # (tokens, hidden_size)
        rotation = rotation_table(inputs.tokens.positions, self.shape)
        for layer in self.model.layers:
            x = layer(x, rotation, inputs.tokens)
        x = self.model.norm(x)
        means = torch.stack([part.mean(0) for part in x.split(inputs.tokens.lengths)])
        # In bfloat16 logits near 8 would be 1/32 apart.
        with torch.autocast(means.device.type, enabled=False):
            return self.score(means.float()).squeeze(-1) / self.shape.temperature


def prompt(query: str, passage: str) -> str:
    return f"question:{query} \n \n passage:{passage}"


def rotation_table(positions: torch.Tensor, shape: Shape) -> tuple[torch.Tensor, torch.Tensor]:
    """cos and sin, each (tokens, head_dim)."""
    steps = torch.arange(0, shape.head_dim, 2, dtype=torch.float32, device=positions.device)
    frequency = scaled(shape.rope_theta ** (-steps / shape.head_dim), shape.rope_scaling)
    angle = torch.outer(positions.float(), frequency).repeat(1, 2)
    return angle.cos(), angle.sin()


def scaled(frequency: torch.Tensor, scaling: dict | None) -> torch.Tensor:
    """Llama 3's: slow turns are slowed by the factor, fast ones kept, those between blended."""
    if scaling is None:
        return frequency
    if scaling.get("rope_type") != "llama3":
        raise ValueError(f"config.json: rope_scaling is {scaling}; wanted null or rope_type llama3")
    turns = scaling["original_max_position_embeddings"] * frequency / (2 * math.pi)
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    kept = ((turns - low) / (high - low)).clamp(0, 1)
    return frequency * (kept + (1 - kept) / scaling["factor"])


def rotate(x: torch.Tensor, rotation) -> torch.Tensor:
    cos, sin = rotation
    x = x.float()  # products of mixed types are ten times slower
    left, right = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-right, left), dim=-1) * sin
