"""llama.cpp behind the protocol of `rerank score`.

    python llamacpp.py --model DIR --precision f16 --threads N --pairs 1

Its C API through the bindings of llama-cpp-python, from whose sources scripts/peers.sh builds it for this
machine (GGML_NATIVE). Architecture `llama-embed`: no causal mask, no cache, no product with the vocabulary;
pooling is its own mean, the head a product in numpy. Flash attention is its own choice (on), except for f32: it
keeps keys and values in fp16, and this row is there to be exact. Several pairs in one call are packed, not
padded, under a mask over all of their tokens. Its memory includes room for a logit of each word of the
vocabulary for each token of the largest call, which it reserves and never fills.
"""

import serve  # begins to count the time of imports

import json

import llama_cpp
import numpy as np

from drafts import draft_of

PRECISIONS = ("f32", "f16", "bf16", "q8_0")
STEP = 512  # the working memory is planned for a multiple of so many tokens
quiet = llama_cpp.llama_log_callback(lambda level, text, data: None)


def folder_of(options):
    return options.work / f"gguf-{options.precision}"


class LlamaCpp:
    """A model, and a context as large as the largest call so far."""

    def __init__(self, options):
        llama_cpp.llama_log_set(quiet, None)
        llama_cpp.llama_backend_init()
        self._options, self._context, self._capacity = options, None, 0
        path = folder_of(options) / "model.gguf"
        self._model = llama_cpp.llama_model_load_from_file(str(path).encode(), llama_cpp.llama_model_default_params())
        if not self._model:
            raise SystemExit(f"llama.cpp does not load {path}")
        self._head = np.load(folder_of(options) / "head.npy")
        self._temperature = json.loads((options.model / "config.json").read_text()).get("temperature", 1.0)

    @staticmethod
    def convert(options):
        if folder_of(options).exists():
            return
        import export_gguf

        with draft_of(folder_of(options)) as draft:
            export_gguf.export(options.model, draft, options.precision)

    def logits(self, ids: list[list[int]]) -> list[float]:
        self._grow(sum(map(len, ids)))
        batch = packed(ids)
        status = llama_cpp.llama_encode(self._context, batch)
        llama_cpp.llama_batch_free(batch)
        if status:
            raise SystemExit(f"llama_encode gives {status}")
        return [float(self._pooled(i) @ self._head) / self._temperature for i in range(len(ids))]

    def _pooled(self, sequence: int) -> np.ndarray:
        """(hidden): the mean over the sequence's tokens."""
        return np.ctypeslib.as_array(llama_cpp.llama_get_embeddings_seq(self._context, sequence), self._head.shape)

    def _grow(self, tokens: int):
        """Non-causal attention wants all tokens of a call in one micro-batch."""
        if tokens <= self._capacity:
            return
        if self._context:
            llama_cpp.llama_free(self._context)
        self._capacity = -(-tokens // STEP) * STEP
        self._context = llama_cpp.llama_init_from_model(self._model, self._parameters())
        if not self._context:
            raise SystemExit("llama.cpp gives no context")

    def _parameters(self):
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_ctx = parameters.n_batch = parameters.n_ubatch = self._capacity
        parameters.n_seq_max = self._options.pairs
        parameters.n_threads = parameters.n_threads_batch = self._options.threads
        parameters.embeddings = True
        parameters.pooling_type = llama_cpp.LLAMA_POOLING_TYPE_MEAN
        parameters.attention_type = llama_cpp.LLAMA_ATTENTION_TYPE_NON_CAUSAL
        if self._options.precision == "f32":
            parameters.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        return parameters


def packed(ids: list[list[int]]):
    """All tokens in one batch, each under its sequence's number and its position there."""
    tokens = [(token, position, i) for i, row in enumerate(ids) for position, token in enumerate(row)]
    batch = llama_cpp.llama_batch_init(len(tokens), 0, 1)
    batch.n_tokens = len(tokens)
    for n, (token, position, sequence) in enumerate(tokens):
        batch.token[n], batch.pos[n], batch.logits[n] = token, position, 1
        batch.n_seq_id[n], batch.seq_id[n][0] = 1, sequence
    return batch


if __name__ == "__main__":
    serve.serve(LlamaCpp, PRECISIONS)
