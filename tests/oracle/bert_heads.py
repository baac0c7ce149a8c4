"""The heads of BERT cross-encoders that the library runs, each with what could be got wrong of it."""

import torch
from torch import nn
from torch.nn.functional import cosine_similarity
from transformers import BertForSequenceClassification, BertModel, BertPreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput


class BertPairCosineForSequenceClassification(BertPreTrainedModel):
    """A classifier on the mean of all states, plus cosine_scale times the cosine of the mean states of type 0,
    [CLS] query [SEP], and of type 1, passage [SEP]."""

    def __init__(self, config):
        super().__init__(config)
        self.bert = BertModel(config, add_pooling_layer=False)
        self.classifier = nn.Linear(config.hidden_size, 1)
        self.cosine_scale = nn.Parameter(torch.ones(1))
        self.post_init()

    def forward(self, input_ids, token_type_ids):
        """Of one sequence, (1, tokens)."""
        states = self.bert(input_ids, token_type_ids=token_type_ids).last_hidden_state[0]
        return SequenceClassifierOutput(logits=pair_cosine(self, states, token_type_ids[0], "right"))


def pooled(model, states, types, variant: str):
    pooled = model.bert.pooler.dense(states.mean(0) if variant == "mean_pooling" else states[0])
    return model.classifier(pooled if variant == "no_tanh" else pooled.tanh())


def pair_cosine(model, states, types, variant: str):
    query, passage, all_states = states[types == 0].mean(0), states[types == 1].mean(0), states.mean(0)
    if variant == "query_without_cls":
        query = states[types == 0][1:].mean(0)
    if variant == "first_token":
        all_states = states[0]
    if variant == "mean_of_means":
        all_states = (query + passage) / 2
    scale = {"no_cosine": 0.0, "unscaled_cosine": 1.0}.get(variant, model.cosine_scale)
    alike = query @ passage if variant == "dot_product" else cosine_similarity(query, passage, dim=0)
    return model.classifier(all_states) + scale * alike


# Architecture: the model, its head over the body's states as a wrong variant has it, and the names of those.
HEADS = {
    "BertForSequenceClassification": (BertForSequenceClassification, pooled, ("no_tanh", "mean_pooling")),
    "BertPairCosineForSequenceClassification": (
        BertPairCosineForSequenceClassification, pair_cosine,
        ("no_cosine", "unscaled_cosine", "dot_product", "query_without_cls", "first_token", "mean_of_means")),
}
