"""What a worker builds from its settings."""

from __future__ import annotations

from typing import Any

import pytest

from streamrec.bert import session
from streamrec.bert.card import Share
from streamrec.settings import load
from streamrec.worker.assembly import load_model


def test_the_share_of_the_card_is_that_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    shares: list[Share] = []
    loaded = session.OnnxSession

    def note(*given: Any, share: Share, **named: Any) -> Any:
        shares.append(share)
        return loaded(*given, share=share, **named)

    monkeypatch.setattr(session, "OnnxSession", note)
    model = load_model(load(device="cpu", gpu_memory_mb=2000, cuda_graphs=True, late_pairs=50))
    assert model is not None
    assert shares[0] == Share(2000, graphs=True)
    assert len(set(shares)) == 1
