"""BERT with the head that keeps what a bi-encoder knows: [CLS] query [SEP]
passage [SEP] is read jointly, and

    logit = classifier(mean of all states) + cosine_scale * cos(mean of the query's states, mean of the passage's)

where the states of type 0, [CLS] and [SEP] among them, are the query's. Without
the classifier it ranks from the start about as its bi-encoder does."""

import torch
import torch.nn.functional as F
from torch import nn

import bert
from bert import Shape
from inputs import Inputs

ARCHITECTURE = "BertPairCosineForSequenceClassification"
MODELING = "modeling_pair_cosine.py"  # beside this file and in the folder, for transformers
CONFIG = bert.CONFIG | {
    "auto_map": {"AutoModelForSequenceClassification": f"{MODELING.removesuffix('.py')}.{ARCHITECTURE}"},
}
COSINE_SCALE = 10.0


class CrossEncoder(bert.PairEncoder):
    HEAD = ("classifier.",)
    SCALES = ("cosine_scale",)

    def __init__(self, shape: Shape):
        super().__init__(shape)
        self.cosine_scale = nn.Parameter(torch.tensor([COSINE_SCALE]))

    def logits(self, inputs: Inputs) -> torch.Tensor:
        states = self.bert(inputs)
        with torch.autocast(states.device.type, enabled=False):
            query, passage = sums(states.float(), inputs)
            mean = (query + passage) / lengths(inputs)
            # The cosine of sums is that of means.
            return self.classifier(mean).squeeze(-1) + self.cosine_scale * F.cosine_similarity(query, passage)


def mean_states(states: torch.Tensor, inputs: Inputs) -> torch.Tensor:
    """(sequences, hidden_size), over each sequence's states (tokens, hidden_size)."""
    return sums(states, inputs).sum(0) / lengths(inputs)


def lengths(inputs: Inputs) -> torch.Tensor:
    return inputs.tokens.present.sum(1, keepdim=True)


def sums(states: torch.Tensor, inputs: Inputs) -> torch.Tensor:
    """(2, sequences, hidden_size): of the states of type 0 and of type 1 in each sequence."""
    num_sequences, longest = inputs.tokens.present.shape
    total = states.new_zeros(2 * num_sequences, states.shape[1])
    total = total.index_add(0, inputs.types * num_sequences + inputs.tokens.slots // longest, states)
    return total.unflatten(0, (2, num_sequences))
