"""The reference: Hugging Face transformers, made bidirectional, one sequence at a time in fp32.

    python reference.py --model DIR        # self-tests of the oracle on that folder

The published model's remote code is silently causal on recent transformers, because the method that it
overrides is gone. Here the mask is not overridden but passed: the model's own layers run with
`is_causal` off and no mask, and `self_test` proves that the first token sees the last one.

`WRONG` names the mistakes that have been seen in the wild. Each is computed here too, so that the
comparison can show that it would have caught them.
"""

import argparse
import json
import pathlib

import torch
from safetensors import safe_open
from tokenizers import Tokenizer
from transformers import LlamaConfig, LlamaModel
from transformers.masking_utils import create_bidirectional_mask
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from prompt import prompt

MAX_TOKENS = 8192
WRONG = ("causal", "rope_unscaled", "last_token", "separator", "no_final_norm", "no_bos")


class BidirectionalLlama(LlamaModel):
    """LlamaModel whose tokens see each other both ways; `causal` brings the mistake back."""

    causal = False
    final_norm = True

    def forward(self, input_ids, attention_mask=None):
        hidden = self.embed_tokens(input_ids)
        positions = torch.arange(hidden.shape[1], device=hidden.device)[None]
        mask = create_bidirectional_mask(self.config, hidden, attention_mask)
        rotary = self.rotary_emb(hidden, position_ids=positions)
        for layer in self.layers:
            hidden = layer(hidden, attention_mask=mask, position_embeddings=rotary,
                           position_ids=positions, is_causal=self.causal)
        return self.norm(hidden) if self.final_norm else hidden


def open_weights(folder: pathlib.Path):
    """Yields (name without `model.`, tensor) of all the folder's safetensors files."""
    for path in sorted(folder.glob("model*.safetensors")):
        with safe_open(path, framework="pt") as file:
            for name in file.keys():
                yield name.removeprefix("model."), file.get_tensor(name)


def llama_config(config: dict) -> LlamaConfig:
    """The folder's config.json as transformers knows it; the reranker's own model_type it does not know."""
    known = {key: value for key, value in config.items() if key not in ("model_type", "torch_dtype")}
    return LlamaConfig.from_dict(known)


def unscaled_rotary(config: dict) -> LlamaRotaryEmbedding:
    """Rotary angles as if the llama3 scaling were not there."""
    plain = llama_config(config)
    plain.rope_parameters = {"rope_type": "default", "rope_theta": plain.rope_parameters["rope_theta"]}
    return LlamaRotaryEmbedding(plain)


def _load_encoder(folder: pathlib.Path, config: dict, dtype) -> tuple[BidirectionalLlama, torch.Tensor]:
    """The encoder and the head's weight (1, hidden); one tensor in flight, nothing kept twice."""
    hf_config = llama_config(config)
    hf_config._attn_implementation = "sdpa"
    with torch.device("meta"):
        encoder = BidirectionalLlama(hf_config)
    encoder.rotary_emb = LlamaRotaryEmbedding(hf_config)
    wanted = set(encoder.state_dict())
    for name, tensor in open_weights(folder):
        if name == "score.weight":
            head = tensor.to(dtype)
            continue
        wanted.remove(name)
        owner, _, leaf = name.rpartition(".")
        setattr(encoder.get_submodule(owner), leaf, torch.nn.Parameter(tensor.to(dtype), requires_grad=False))
    if wanted:
        raise ValueError(f"{folder}: no weights for {sorted(wanted)}")
    return encoder.eval(), head


class Reference:
    """A loaded folder; `logit` is the whole contract, the rest serves the self-tests."""

    def __init__(self, folder, dtype=torch.float32, device="cpu"):
        folder = pathlib.Path(folder)
        config = json.loads((folder / "config.json").read_text())
        self.temperature = config.get("temperature", 1.0)
        self.encoder, self.head = (part.to(device) for part in _load_encoder(folder, config, dtype))
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._rotary = self.encoder.rotary_emb
        self._rotary_unscaled = unscaled_rotary(config).to(device)

    def ids(self, query: str, passage: str, variant: str = "right", max_tokens: int = MAX_TOKENS) -> list[int]:
        """BOS by the tokenizer's own post-processor; what is too long loses the passage's tail."""
        text = prompt(query, passage, "\n\n") if variant == "separator" else prompt(query, passage)
        encoded = self.tokenizer.encode(text, add_special_tokens=variant != "no_bos").ids
        return encoded[:max_tokens]

    @torch.inference_mode()
    def states(self, ids: list[int], variant: str = "right") -> torch.Tensor:
        """(num_tokens, hidden) after the final norm."""
        self.encoder.causal = variant == "causal"
        self.encoder.final_norm = variant != "no_final_norm"
        self.encoder.rotary_emb = self._rotary_unscaled if variant == "rope_unscaled" else self._rotary
        return self.encoder(torch.tensor([ids], device=self.head.device))[0]

    @torch.inference_mode()
    def logit_of_ids(self, ids: list[int], variant: str = "right") -> float:
        """Mean over all tokens, head without bias, temperature."""
        states = self.states(ids, variant)
        pooled = states[-1] if variant == "last_token" else states.sum(0) / len(ids)
        return ((self.head @ pooled) / self.temperature).item()

    def logit(self, query: str, passage: str, variant: str = "right", max_tokens: int = MAX_TOKENS) -> float:
        return self.logit_of_ids(self.ids(query, passage, variant, max_tokens), variant)


def self_test(reference: Reference) -> dict[str, float]:
    """Proves that the oracle is what it says; raises AssertionError where it is not."""
    ids = reference.ids("how do bees talk", "They dance.")
    other = ids[:-1] + [ids[-1] + 1]
    moved = (reference.states(ids)[0] - reference.states(other)[0]).abs().max().item()
    assert moved > 1e-3, "the first token does not see the last one"
    causal = (reference.states(ids, "causal")[0] - reference.states(other, "causal")[0]).abs().max().item()
    assert causal == 0, "the causal variant sees ahead"
    stock = stock_states(reference, ids)
    gap = (reference.states(ids) - stock).abs().max().item()
    assert gap < 1e-3, "our loop over the layers is not LlamaModel with an open mask"
    assert ids[0] == 128000 and reference.ids("", "", "no_bos") == [7998, 25, 33006, 21765, 25]
    return {"first token moved": moved, "first token moved, causal": causal, "gap to the stock forward": gap}


@torch.inference_mode()
def stock_states(reference: Reference, ids: list[int]) -> torch.Tensor:
    """The same through LlamaModel.forward itself, with a mask of zeros, which it takes as it is."""
    reference.states(ids)  # resets what a variant may have left
    mask = torch.zeros(1, 1, len(ids), len(ids), dtype=reference.head.dtype)
    return LlamaModel.forward(reference.encoder, input_ids=torch.tensor([ids]), attention_mask=mask,
                              use_cache=False).last_hidden_state[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=pathlib.Path, required=True)
    torch.set_num_threads(1)
    for what, value in self_test(Reference(parser.parse_args().model)).items():
        print(f"{what}: {value:.3g}")


if __name__ == "__main__":
    main()
