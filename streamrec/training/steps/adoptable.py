"""Whether a cross-encoder of Hugging Face layout has the shape that a model folder needs, checked before it is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import BertForSequenceClassification, PretrainedConfig

from streamrec.catalogue.prefix import SPECIAL
from streamrec.errors import ModelError, ModelMissing


def tokens_of(user_tokens: int, item_tokens: int) -> int:
    """The longest row that a model with these limits is given: a pair, or an item alone."""
    return max(user_tokens + item_tokens + len(SPECIAL), item_tokens + 2)


def require_adoptable(source: Path, user_tokens: int, item_tokens: int) -> None:
    """Check the shape that `config.json` states.

    Raises:
        ModelMissing: there is no such folder, or no `config.json` in it.
        ModelError: the network is no BERT with one logit, or it takes too few positions or token types.
    """
    if not (source / "config.json").is_file():
        raise ModelMissing(f"{source} has no config.json; name the folder of a cross-encoder in Hugging Face layout")
    try:
        config, _ = PretrainedConfig.get_config_dict(source)
        shape = {name: int(config.get(name, default)) for name, default in SHAPE.items()}
        labels = len(config["id2label"]) if "id2label" in config else int(config.get("num_labels", 2))
    except (OSError, ValueError, TypeError) as exc:
        raise ModelError(f"{source / 'config.json'} cannot be read: {exc}") from exc
    needed = tokens_of(user_tokens, item_tokens)
    if config.get("model_type") != "bert":
        raise ModelError(f"{source} is a {config.get('model_type')}; only BERT can be adopted")
    if labels != 1:
        raise ModelError(f"{source} gives {labels} logits; name a cross-encoder with one, which says how well item and user fit")
    if shape["type_vocab_size"] < 2:
        raise ModelError(f"{source} knows one token type; a cross-encoder needs two, one for each side")
    if shape["max_position_embeddings"] < needed:
        raise ModelError(
            f"{source} takes {shape['max_position_embeddings']} positions, and {user_tokens} tokens of the user and {item_tokens} of the "
            f"item need {needed} with the special ones; lower --user-tokens and --item-tokens"
        )


SHAPE = {"type_vocab_size": 2, "max_position_embeddings": 512}
"""What must be known of a BERT, and the defaults for what its file leaves out."""


def load(source: Path) -> tuple[Any, dict[str, Any]]:
    """Load the network; also returns which weights were missing or not expected.

    Raises:
        ModelError: its weights are not there, cannot be read or do not have the shapes that its file states.
    """
    try:
        network, loaded = BertForSequenceClassification.from_pretrained(
            source, num_labels=1, attn_implementation="eager", output_loading_info=True, local_files_only=True
        )
    except Exception as exc:  # each format of weights has errors of its own
        raise ModelError(f"the weights in {source} cannot be loaded ({type(exc).__name__}: {exc}); fetch them again") from exc
    return network, loaded
