"""A real worker serves a model folder that has no cross-encoder: its lists are whole, and say that vectors alone were read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from kafka import KafkaProducer

pytest.importorskip("onnx")

from streamrec.bert.folder import revision_of, seal
from streamrec.kafka import topics
from streamrec.settings import Settings
from streamrec.training.steps.multilingual import write_folder
from tests.engine.support import Worker, lists, stop_all, until
from tests.training.small_sentences import package

pytestmark = pytest.mark.train
TITLES = {"mug": "red mug", "cup": "红杯", "other": "blue mug", "third": "blue red"}


@pytest.mark.kafka
def test_a_worker_ranks_by_the_vectors_of_a_model_that_scores_no_pairs(broker: str, tmp_path: Path) -> None:
    settings = Settings(broker=broker, prefix="no-pairs.", app_id="no-pairs", partitions=1, data_dir=tmp_path / "data")
    topics.create(settings)
    package(tmp_path / "package")
    write_folder(tmp_path / "package", tmp_path / "model")
    seal(tmp_path / "model")
    with KafkaProducer(bootstrap_servers=broker, acks="all") as producer:
        for item, title in TITLES.items():
            fields = {"item_id": item, "title": title, "price": 10, "currency": "GBP"}
            producer.send(settings.topic("items"), json.dumps(fields).encode(), key=item.encode())
    # Wherever the cross-encoder is wanted for every list, there is still none.
    worker = Worker(
        settings,
        module="streamrec.cli.main worker",
        STREAMREC_MODEL=str(tmp_path / "model"),
        STREAMREC_DEVICE="cpu",
        STREAMREC_CROSS_FOR="all",
        STREAMREC_CANDIDATES="all",
    )
    try:
        worker.start().ready()
        with KafkaProducer(bootstrap_servers=broker, acks="all") as producer:
            event = {"user_id": "ann", "item_id": "mug", "ts": 1_700_000_000_000}
            producer.send(settings.topic("views"), json.dumps(event).encode(), key=b"ann")
        (made,) = until(lambda: lists(settings), "a list")
        metrics = worker.get("/metrics")[1]
        assert worker.stop() == 0
    finally:
        stop_all([worker])
    served = made["model"]
    assert (served["name"], served["revision"]) == ("use-multilingual", revision_of(tmp_path / "model"))
    assert (served["depth"], served["pairs"], made.get("degraded")) == ("vectors", 0, None)
    assert {item["item_id"] for item in made["items"]} >= {"cup", "other", "third"}
    assert 'precision="none"' in metrics
    assert "CPUExecutionProvider, no pairs (the folder has no cross-encoder" in worker.log.read_text()
