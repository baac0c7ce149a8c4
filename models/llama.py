# The bidirectional Llama reranker as TorchScript over our own operators: a list of steps and
# nothing else. Compiled when a model is loaded; never run by Python.
#
# ids (num_tokens) int32 and offsets (num_sequences + 1) int32 describe sequences end to end.
# Returns one logit a sequence, (num_sequences) float32.
def forward(self, ids: Tensor, offsets: Tensor) -> Tensor:
    hidden = reranker.embed(ids, self.embeddings)
    for layer in range(self.num_layers):
        x = reranker.rms_norm(hidden, self.attention_norm[layer], self.eps)
        qkv = reranker.linear(x, self.qkv[layer])
        qkv = reranker.rope(qkv, offsets, self.rope_table, self.num_heads, self.num_kv_heads)
        x = reranker.attention(qkv, offsets, self.num_heads, self.num_kv_heads)
        hidden = reranker.linear_add(x, self.attention_out[layer], hidden)
        x = reranker.rms_norm(hidden, self.mlp_norm[layer], self.eps)
        x = reranker.linear_swiglu(x, self.gate_up[layer])
        hidden = reranker.linear_add(x, self.down[layer], hidden)
    return reranker.pool_score(hidden, offsets, self.final_norm, self.head, self.eps, self.temperature)
