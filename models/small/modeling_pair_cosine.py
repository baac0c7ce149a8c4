"""BertPairCosineForSequenceClassification for transformers, with trust_remote_code=True.

    logit = classifier(mean of all states) + cosine_scale * cos(mean of type 0's states, mean of type 1's)
"""

import torch
from torch import nn
from transformers import BertConfig, BertModel, BertPreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput


class BertPairCosineForSequenceClassification(BertPreTrainedModel):
    config_class = BertConfig

    def __init__(self, config):
        super().__init__(config)
        self.bert = BertModel(config, add_pooling_layer=False)
        self.classifier = nn.Linear(config.hidden_size, 1)
        self.cosine_scale = nn.Parameter(torch.ones(1))
        self.post_init()

    def forward(self, input_ids, attention_mask=None, token_type_ids=None, **kwargs):
        """`logits` (sequences, 1). [CLS] query [SEP] is of type 0, passage [SEP] of type 1."""
        if attention_mask is None:
            attention_mask = torch.ones_like(input_ids)
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        states = self.bert(input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)[0]
        in_query, in_passage = attention_mask * (1 - token_type_ids), attention_mask * token_type_ids
        query, passage = mean(states, in_query), mean(states, in_passage)
        cosine = nn.functional.cosine_similarity(query, passage)[:, None]
        logits = self.classifier(mean(states, attention_mask)) + self.cosine_scale * cosine
        return SequenceClassifierOutput(logits=logits)


def mean(states, present):
    """(sequences, hidden_size), of states (sequences, tokens, hidden_size) where present (sequences, tokens) is 1."""
    present = present[:, :, None].to(states.dtype)
    return (states * present).sum(1) / present.sum(1).clamp(min=1)
