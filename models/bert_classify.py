
# The head of BertForSequenceClassification: pooler and classifier on the first token's row.
# Returns one logit a sequence, (num_sequences) float32.
def forward(self, ids: Tensor, offsets: Tensor) -> Tensor:
    x = self.encode(ids, offsets)
    return reranker.classify(x, offsets, self.pooler, self.pooler_bias, self.head, self.head_bias)
