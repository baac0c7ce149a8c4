"""Writes the encoder as a GGUF file of architecture `llama-embed`, and the head beside it.

As llama.cpp's own converter does it: rows of q and k in the order of its rotation of neighbours, the scaled
frequencies as factors, norms in fp32. All matrices get the one type, embeddings included.
"""

import json
import pathlib

import gguf
import numpy as np

from reference import LlamaRotaryEmbedding, llama_config, open_weights, unscaled_rotary

TYPES = {"f32": "F32", "f16": "F16", "bf16": "BF16", "q8_0": "Q8_0"}
NAMES = {
    "embed_tokens": "token_embd", "norm": "output_norm", "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}


def gguf_name(name: str) -> str:
    """layers.3.mlp.up_proj.weight -> blk.3.ffn_up.weight."""
    inner = name.removesuffix(".weight")
    if not inner.startswith("layers."):
        return f"{NAMES[inner]}.weight"
    _, index, rest = inner.split(".", 2)
    return f"blk.{index}.{NAMES[rest]}.weight"


def interleaved(weight: np.ndarray, heads: int) -> np.ndarray:
    """Row i and row i + head_dim/2 of each head, which rotate together, become neighbours."""
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def add_settings(writer: gguf.GGUFWriter, config: dict):
    head_dim = config["head_dim"]
    writer.add_tokenizer_model("none")  # it is given ids
    writer.add_vocab_size(config["vocab_size"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(head_dim)
    writer.add_value_length(head_dim)
    writer.add_rope_dimension_count(head_dim)
    writer.add_rope_freq_base(config.get("rope_theta") or config["rope_parameters"]["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_causal_attention(False)


def add_matrix(writer: gguf.GGUFWriter, name: str, weight: np.ndarray, precision: str):
    kind = gguf.GGMLQuantizationType[TYPES[precision]]
    writer.add_tensor(name, gguf.quantize(weight, kind), raw_dtype=kind)


def add_weights(writer: gguf.GGUFWriter, folder: pathlib.Path, config: dict, precision: str) -> np.ndarray:
    """Adds all but the head's weight, (hidden), which it returns."""
    heads = {"q_proj": config["num_attention_heads"], "k_proj": config["num_key_value_heads"]}
    for name, tensor in open_weights(folder):
        weight = tensor.float().numpy()
        if name == "score.weight":
            head = weight[0]
        elif weight.ndim == 1:
            writer.add_tensor(gguf_name(name), weight)
        else:
            leaf = name.split(".")[-2]
            weight = interleaved(weight, heads[leaf]) if leaf in heads else weight
            add_matrix(writer, gguf_name(name), weight, precision)
    return head


def export(folder: pathlib.Path, out: pathlib.Path, precision: str):
    """Writes model.gguf and head.npy into `out`."""
    config = json.loads((folder / "config.json").read_text())
    writer = gguf.GGUFWriter(out / "model.gguf", "llama-embed")
    add_settings(writer, config)
    factors = unscaled_rotary(config).inv_freq / LlamaRotaryEmbedding(llama_config(config)).inv_freq
    writer.add_tensor("rope_freqs.weight", factors.float().numpy())
    np.save(out / "head.npy", add_weights(writer, folder, config, precision))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
