
# The head of BertPairCosineForSequenceClassification: a classifier on the mean row, and the cosine
# of the query's and the passage's. Returns one logit a sequence, (num_sequences) float32.
def forward(self, ids: Tensor, offsets: Tensor) -> Tensor:
    x = self.encode(ids, offsets, self.num_layers)
    return reranker.pair_cosine(x, offsets, self.head, self.head_bias, self.cosine_scale)
