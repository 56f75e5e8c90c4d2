import pytest

from streamrec.errors import MissingExtra
from streamrec.training import require


def test_without_the_extra_the_message_holds_the_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(require, "MODULES", ("torch_that_is_not_there",))
    with pytest.raises(MissingExtra, match=r"pip install 'streamrec\[train\]'"):
        require.require_training()
