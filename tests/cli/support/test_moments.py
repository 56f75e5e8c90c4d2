import pytest
import typer

from streamrec.cli.support.moments import moment

NOW = 1_700_000_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("90s", NOW - 90_000),
        ("30m", NOW - 1_800_000),
        ("2h", NOW - 7_200_000),
        ("7d", NOW - 604_800_000),
        ("1600000000000", 1_600_000_000_000),
        ("2020-09-13T12:26:40Z", 1_600_000_000_000),
    ],
)
def test_moments_are_how_long_ago_or_when(text: str | None, expected: int | None) -> None:
    assert moment(text, NOW, "--since") == expected


@pytest.mark.parametrize("text", ["", "2", "h", "2w", "-2h", "yesterday", "2020-09-13", "1.5h", "²"])
def test_what_is_no_moment_is_wrong_usage(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="give 30m, 2h or 7d ago"):
        moment(text, NOW, "--since")
