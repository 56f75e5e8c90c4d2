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
        {"item_id": f"i{n}", "title": f"{WORDS[n % 3]} {WORDS[3 + n % 7]} {n}", "created_ts": 86_400_000 * (n // 10)}
        for n in range(30)
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
