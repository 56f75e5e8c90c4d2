import json
from pathlib import Path

import numpy as np
import pytest

WORDS = ["red", "blue", "mug", "pot", "bag", "lamp", "heart", "tin", "set of", "paper"]


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up shop of 30 items and 12 users, as `streamrec dataset uci` would write it."""
    folder = tmp_path_factory.mktemp("shop")
    rng = np.random.default_rng(0)
    items = [
        {"item_id": f"i{n}", "title": f"{WORDS[n % 3]} {WORDS[3 + n % 7]} {n}", "created_ts": 86_400_000 * (n // 10)} for n in range(30)
    ]
    events = [
        {"topic": "purchases", "user_id": f"u{user}", "item_id": f"i{item}", "ts": 86_400_000 * day + user, "order_id": f"o{user}-{day}"}
        for day in range(3, 9)
        for user in range(12)
        for item in rng.choice(30, 5, replace=False)
    ]
    for name, records in (("items", items), ("events", events)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    (folder / "products.yaml").write_text(
        "".join(
            f"- {{name: '{a} {b}', category: {a}, style: {b}, description: 'a {a} {b} for you'}}\n"
            for a in WORDS[:4]
            for b in WORDS[4:] * 3
        )
    )
    rows = [f"{n},UNKNOWN,喜欢{chr(0x4E00 + n)}色的杯子,[],1,{'家居' if n % 2 else '美食'},2,UNKNOWN,3,UNKNOWN" for n in range(140)]
    header = (
        "video_id,manual_cover_text,caption,topic_tag,first_level_category_id,first_level_category_name,"
        "second_level_category_id,second_level_category_name,third_level_category_id,third_level_category_name"
    )
    (folder / "captions.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def tiny(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder with the shop's vocabulary and an encoder that has learned nothing and drops nothing out."""
    import torch
    from transformers import BertModel

    from streamrec.training.data.corpus import read_corpus
    from streamrec.training.data.vocabulary import save_vocabulary, train_vocabulary
    from streamrec.training.networks.bert import encoder_config

    work = tmp_path_factory.mktemp("tiny")
    corpus = read_corpus(shop / "products.yaml", shop / "captions.csv")
    tokenizer = train_vocabulary([*corpus.texts(), *(" ".join(WORDS),) * 3], 600)
    save_vocabulary(tokenizer, work / "vocabulary", 96)
    torch.manual_seed(0)
    config = encoder_config(tokenizer.get_vocab_size(), 1)
    config.hidden_dropout_prob = 0.0
    BertModel(config, add_pooling_layer=False).save_pretrained(work / "encoder")
    return work
