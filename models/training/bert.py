"""The BERT cross-encoder: [CLS] query [SEP] passage [SEP]; the last state of
[CLS] through pooler and classifier, one number."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from tokenizers import Encoding, Tokenizer
from torch import nn

from attention import attend
from inputs import Inputs, pack
from layout import Layout

ARCHITECTURE = "BertForSequenceClassification"
CONFIG = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "position_embedding_type": "absolute",
    "attention_probs_dropout_prob": 0.0,  # nothing is dropped here, nor when transformers trains on
    "hidden_dropout_prob": 0.0,
}


@dataclass(frozen=True)
class Shape:
    vocab_size: int
    max_position_embeddings: int
    type_vocab_size: int
    num_hidden_layers: int
    hidden_size: int
    intermediate_size: int
    num_attention_heads: int
    layer_norm_eps: float


class Embeddings(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.word_embeddings = nn.Embedding(shape.vocab_size, shape.hidden_size)
        self.position_embeddings = nn.Embedding(shape.max_position_embeddings, shape.hidden_size)
        self.token_type_embeddings = nn.Embedding(shape.type_vocab_size, shape.hidden_size)
        self.LayerNorm = nn.LayerNorm(shape.hidden_size, shape.layer_norm_eps)

    def forward(self, inputs: Inputs) -> torch.Tensor:
        """(tokens, hidden_size); positions start at 0 in each sequence."""
        return self.LayerNorm(
            self.word_embeddings(inputs.ids) + self.token_type_embeddings(inputs.types)
            + self.position_embeddings(inputs.tokens.positions))


class SelfAttention(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.num_heads = shape.num_attention_heads
        self.query, self.key, self.value = (nn.Linear(shape.hidden_size, shape.hidden_size) for _ in range(3))

    def forward(self, y: torch.Tensor, x: torch.Tensor, queries: Layout, keys: Layout) -> torch.Tensor:
        split = lambda z: z.unflatten(-1, (self.num_heads, -1)).transpose(0, 1)  # (heads, tokens, head_dim)
        return attend(split(self.query(y)), split(self.key(x)), split(self.value(x)), queries, keys)


class Residual(nn.Module):
    """A projection added to what it came from, then normalised."""

    def __init__(self, in_size: int, shape: Shape):
        super().__init__()
        self.dense = nn.Linear(in_size, shape.hidden_size)
        self.LayerNorm = nn.LayerNorm(shape.hidden_size, shape.layer_norm_eps)

    def forward(self, x: torch.Tensor, residual: torch.Tensor) -> torch.Tensor:
        return self.LayerNorm(residual + self.dense(x))


class Layer(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.attention = nn.ModuleDict({"self": SelfAttention(shape), "output": Residual(shape.hidden_size, shape)})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(shape.hidden_size, shape.intermediate_size)})
        self.output = Residual(shape.intermediate_size, shape)

    def forward(self, y: torch.Tensor, x: torch.Tensor, queries: Layout, keys: Layout) -> torch.Tensor:
        """The next states of `y`, which look at all of `x`; `queries` and
        `keys` say how many of each a sequence has."""
        y = self.attention["output"](self.attention["self"](y, x, queries, keys), y)
        return self.output(F.gelu(self.intermediate["dense"](y)), y)


class Body(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.embeddings = Embeddings(shape)
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(Layer(shape) for _ in range(shape.num_hidden_layers))})

    def forward(self, inputs: Inputs) -> torch.Tensor:
        """The last state of each token, (tokens, hidden_size)."""
        x, last = self._before_last(inputs)
        return last(x, x, inputs.tokens, inputs.tokens)

    def firsts(self, inputs: Inputs) -> torch.Tensor:
        """The last state of each [CLS], (sequences, hidden_size)."""
        x, last = self._before_last(inputs)
        return last(x.index_select(0, inputs.starts), x, inputs.firsts, inputs.tokens)

    def _before_last(self, inputs: Inputs) -> tuple[torch.Tensor, Layer]:
        x = self.embeddings(inputs)
        *layers, last = self.encoder["layer"]
        for layer in layers:
            x = layer(x, x, inputs.tokens, inputs.tokens)
        return x, last


class PairEncoder(nn.Module):
    """What BERT's cross-encoders share; a head adds logits(). Parameter names
    are Hugging Face's, so state_dict() is the export."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        self.bert = Body(shape)
        self.classifier = nn.Linear(shape.hidden_size, 1)

    @property
    def word_embeddings(self) -> nn.Embedding:
        return self.bert.embeddings.word_embeddings

    @staticmethod
    def encode(tokenizer: Tokenizer, query: str, passages: list[str], max_tokens: int) -> list[Encoding]:
        """One pair a passage; of a pair too long, the longer text (the passage) loses its end."""
        tokenizer.enable_truncation(max_tokens, strategy="longest_first")
        encodings = tokenizer.encode_batch_fast([(query, passage) for passage in passages])
        tokenizer.no_truncation()
        return encodings

    def forward(self, sequences: list[Encoding]) -> torch.Tensor:
        """One logit a sequence."""
        return self.logits(Inputs.of(pack(sequences), self.word_embeddings.weight.device))


class CrossEncoder(PairEncoder):
    HEAD = ("bert.pooler.", "classifier.")
    SCALES = ()

    def __init__(self, shape: Shape):
        super().__init__(shape)
        self.bert.pooler = nn.ModuleDict({"dense": nn.Linear(shape.hidden_size, shape.hidden_size)})

    def logits(self, inputs: Inputs) -> torch.Tensor:
        first = self.bert.firsts(inputs)
        # In bfloat16 logits near 8 would be 1/32 apart.
        with torch.autocast(first.device.type, enabled=False):
            return self.classifier(torch.tanh(self.bert.pooler["dense"](first.float()))).squeeze(-1)
