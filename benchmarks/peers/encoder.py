"""The oracle's model as one torch module from ids to logits, for the engines that convert a graph.

It is exported twice: for calls of one pair without any mask, which is the fastest graph that an engine can be
given, and with a mask for padded calls. Conversions run the module, so they import torch; engines do not.
"""

import torch

from reference import Reference

TOKENS = 17  # of the example that is traced; both axes are dynamic


class Encoder(torch.nn.Module):
    """Mean over the real tokens, head, temperature."""

    def __init__(self, folder, attention: str = "sdpa"):
        super().__init__()
        reference = Reference(folder)
        self.encoder, self.temperature = reference.encoder, reference.temperature
        self.encoder.config._attn_implementation = attention
        self.head = torch.nn.Parameter(reference.head[0], requires_grad=False)

    def forward(self, ids, mask=None):
        """ids (pairs, tokens), mask (pairs, tokens) of 0 and 1 in fp32 -> (pairs)."""
        hidden = self.encoder.embed_tokens(ids)
        positions = torch.arange(ids.shape[1])[None].expand(ids.shape[0], -1)
        rotary = self.encoder.rotary_emb(hidden, position_ids=positions)
        bias = None if mask is None else self.bias(mask)
        for layer in self.encoder.layers:
            hidden = layer(hidden, attention_mask=bias, position_embeddings=rotary,
                           position_ids=positions, is_causal=False)
        pooled = self.pooled(self.encoder.norm(hidden), mask)
        return (pooled * self.head).sum(-1) / self.temperature  # no product of matrices, which would be quantised

    def bias(self, mask):
        """What is added to every query's attention scores."""
        return ((1 - mask) * torch.finfo(torch.float32).min)[:, None, None, :]

    @staticmethod
    def pooled(states, mask):
        if mask is None:
            return states.mean(1)
        return (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)


def example(masked: bool) -> tuple:
    """Arguments to trace the module with."""
    ids = torch.arange(2 * TOKENS).reshape(2, TOKENS)
    return (ids, torch.ones(2, TOKENS)) if masked else (ids,)
