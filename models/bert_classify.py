# The head of BertForSequenceClassification: pooler and classifier on the first token's row. Nothing
# reads the last layer's other rows, so they are not made: of those tokens it takes keys and values.
# Returns one logit a sequence, (num_sequences) float32.
def forward(self, ids: Tensor, offsets: Tensor) -> Tensor:
    last = self.num_layers - 1
    x = self.encode(ids, offsets, last)
    qkv = reranker.linear_bias(x, self.qkv[last], self.qkv_bias[last])
    a = reranker.attention_first(qkv, offsets, self.num_heads, self.num_heads)
    x = self.finish_layer(last, a, reranker.first_rows(x, offsets))
    return reranker.classify(x, self.pooler, self.pooler_bias, self.head, self.head_bias)
