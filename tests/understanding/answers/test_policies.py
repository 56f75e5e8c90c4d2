from __future__ import annotations

from pathlib import Path

import pytest

from streamrec.errors import InputError
from streamrec.understanding.answers.policies import read_policies

TOML = """
[returns]
kinds = ["returns"]
[returns.name]
en = "returns"
[returns.text]
en = "Return it within 30 days."
zh = "30天内可退。"
"""


def test_policies_are_read_from_toml_and_json(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(TOML)
    (tmp_path / "p.json").write_text('{"returns": {"text": {"en": "Return it within 30 days."}}}')
    policy = read_policies(tmp_path / "p.toml")["returns"]
    assert policy.said("zh") == "30天内可退。"
    assert policy.said("fr") == "Return it within 30 days."
    assert policy.called("returns", "en") == "returns"
    assert read_policies(tmp_path / "p.json")["returns"].said("zh") == "Return it within 30 days."


@pytest.mark.parametrize("text", ["[returns", "[returns]\nkinds = 3\n", "[returns.text]\n", '[returns.text]\nen = " "\n'])
def test_what_is_no_policy_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "p.toml").write_text(text)
    with pytest.raises(InputError):
        read_policies(tmp_path / "p.toml")
