# BERT's body as TorchScript over our own operators: a list of steps and nothing else. A head's text
# follows it, with forward(ids, offsets). Compiled when a model is loaded; never run by Python.
#
# ids (num_tokens) int32 and offsets (num_sequences + 1) int32 describe sequences end to end.
# Returns the rows of layer `num_layers`, (num_tokens, hidden) float32.
def encode(self, ids: Tensor, offsets: Tensor, num_layers: int) -> Tensor:
    x = reranker.bert_embedding(ids, offsets, self.words, self.positions, self.types)
    x = reranker.layer_norm(x, self.embedding_norm, self.embedding_norm_bias, self.eps)
    for layer in range(num_layers):
        qkv = reranker.linear_bias(x, self.qkv[layer], self.qkv_bias[layer])
        a = reranker.attention(qkv, offsets, self.num_heads, self.num_heads)
        x = self.finish_layer(layer, a, x)
    return x

# What follows attention, for as many rows as there are: a (rows, hidden) is what it gave, x
# (rows, hidden) what the layer was given, which is overwritten.
def finish_layer(self, layer: int, a: Tensor, x: Tensor) -> Tensor:
    x = reranker.linear_bias_add_norm(
        a, self.attention_out[layer], self.attention_out_bias[layer], x,
        self.attention_norm[layer], self.attention_norm_bias[layer], self.eps)
    h = reranker.linear_bias_gelu(x, self.up[layer], self.up_bias[layer])
    return reranker.linear_bias_add_norm(
        h, self.down[layer], self.down_bias[layer], x,
        self.mlp_norm[layer], self.mlp_norm_bias[layer], self.eps)
