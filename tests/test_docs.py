"""What can be named must be documented."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from streamrec import errors
from streamrec.cli.main import COMMANDS, load_command
from streamrec.cli.support.options import groups
from streamrec.demo.ledger import Report
from streamrec.demo.understood import Figures
from streamrec.engine.exits import CODES
from streamrec.events.codec import REASONS as BAD_EVENT_REASONS
from streamrec.events.dead_letters import CONTEXT, NEXT_STEPS, PREFIX
from streamrec.events.topics import USER_SOURCES
from streamrec.events.types import WIRE_TYPES
from streamrec.kafka.topics import TOPICS
from streamrec.observe.metrics import Metrics
from streamrec.ranking.reasons.codes import WHEN
from streamrec.ranking.reasons.languages import LANGUAGES
from streamrec.ranking.reasons.languages import words as words_of
from streamrec.settings import Settings

ROOT = Path(__file__).parent.parent
DOCS = {page.name: page.read_text() for page in (ROOT / "docs").glob("*.md")}


def full_names(name: str, command: Any) -> list[str]:
    members = getattr(command, "commands", {})
    return [full for member in members.values() for full in full_names(f"{name} {member.name}", member)] or [name]


def setting_rows() -> list[str]:
    """The table of docs/settings.md."""
    rows = []
    for group, names in groups().items():
        rows += ["", f"## {group}", "", "| setting | default | meaning |", "| --- | --- | --- |"]
        for name in names:
            field = Settings.model_fields[name]
            default = str(field.default).lower() if isinstance(field.default, bool) else field.default
            rows.append(f"| `{name}` | {'' if default is None else f'`{default}`'} | {field.description} |")
    return rows


def reason_rows() -> list[str]:
    """The table of reasons in docs/reading-lists.md: when each is given and what it says of an item, by code and language."""
    columns = [words_of(language) for language in LANGUAGES]
    rows = [f"| reason | when | {' | '.join(words.name for words in columns)} |", f"| --- | --- |{' --- |' * len(columns)}"]
    return rows + [f"| `{code}` | {when} | {' | '.join(words.sentences[code] for words in columns)} |" for code, when in WHEN.items()]


def first_cells(page: str) -> set[str]:
    """The first cells of the tables of a page, without backticks."""
    return {cell.strip("` ") for cell in re.findall(r"^\| ([^|]+) \|", DOCS[page], re.MULTILINE)}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_table(name: str) -> None:
    assert {f"streamrec {full}" for full in full_names(name, load_command(name))} <= first_cells("commands.md")


def test_no_command_of_the_table_is_made_up() -> None:
    known = {f"streamrec {full}" for name in COMMANDS for full in full_names(name, load_command(name))}
    assert {cell for cell in first_cells("commands.md") if cell.startswith("streamrec ")} == known


def test_the_table_of_settings_is_the_settings_table() -> None:
    expected = "\n".join(setting_rows()).strip()
    assert expected in DOCS["settings.md"], f"paste this into docs/settings.md:\n{expected}"


def test_topics_are_documented_with_their_keys_and_cleanup() -> None:
    for name, topic in TOPICS.items():
        assert f"| `{name}` | {topic.key} | {topic.cleanup} |" in DOCS["topics.md"]


def test_events_of_users_are_named_where_keys_are_told_and_among_what_an_erasure_leaves() -> None:
    (keyed,) = re.findall(r"^\* (.+) are keyed by the \*\*user id\*\*", DOCS["producing-events.md"], re.MULTILINE)
    (left,) = re.findall(r"^\| ([^|]+) \| the events as they were sent \|", DOCS["operating.md"], re.MULTILINE)
    for name in USER_SOURCES:
        assert f"`{name}`" in keyed, f"say in docs/producing-events.md (Keys decide everything) how {name} are keyed"
        assert f"`{name}`" in left, f"say in docs/operating.md (the table of what an erasure leaves) that {name} stay as they were sent"


def test_every_field_that_is_produced_or_read_is_documented() -> None:
    pages = {"recommendations": "reading-lists.md", "training-examples": "learning.md"}
    for name, wire in WIRE_TYPES.items():
        page = pages.get(name, "producing-events.md")
        for field in wire.__struct_fields__:
            assert re.search(rf"\b{field}\b", DOCS[page]), f"{name}.{field} is not in docs/{page}"


def test_every_error_has_its_row() -> None:
    names = {name for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.StreamrecError)}
    assert names - {"StreamrecError"} == {cell for cell in first_cells("errors.md") if cell[0].isupper()}


def test_every_reason_of_a_dead_letter_is_told_in_its_own_words() -> None:
    for code, words in BAD_EVENT_REASONS.items():
        assert f"| `{code}` | {words} |" in DOCS["dead-letters.md"]


def test_the_table_of_reasons_of_items_says_them_in_every_language() -> None:
    """In any order: a table that groups them otherwise reads as well."""
    expected = "\n".join(reason_rows())
    assert set(reason_rows()) <= set(DOCS["reading-lists.md"].splitlines()), f"paste this into docs/reading-lists.md:\n{expected}"


def test_every_header_of_a_dead_letter_is_told_in_its_own_words() -> None:
    for name, words in CONTEXT.items():
        assert f"| `{PREFIX}{name}` | {words} |" in DOCS["dead-letters.md"]
    for reason, words in NEXT_STEPS.items():
        assert f"| `{reason}` | {words} |" in DOCS["dead-letters.md"]


def test_every_metric_and_exit_code_is_documented() -> None:
    metrics = Metrics("streamrec.")
    families = re.findall(r"^# TYPE (streamrec_\w+)", metrics.exposition().decode(), re.MULTILINE)
    assert families
    assert {name for name in families if not name.endswith("_created")} <= first_cells("operating.md")
    for code, words in CODES.items():
        assert f"| {code} | {words} |" in DOCS["operating.md"]


def test_every_page_of_the_web_server_is_in_the_table() -> None:
    sources = "\n".join(path.read_text() for path in [*(ROOT / "streamrec/web").glob("*.py"), ROOT / "streamrec/observe/health.py"])
    served = set(re.findall(r"(?:add_get|add_post|\.page)\(\"(/[^\"]*)\"", sources))
    assert {"/", "/live", "/ready", "/metrics", "/feed", "/login"} <= served
    for path in {path.partition("{")[0] for path in served}:
        assert f"`{path}" in DOCS["operating.md"], f"{path} is not in docs/operating.md"


def test_every_figure_of_the_demo_is_explained() -> None:
    for field in [*Report.__dataclass_fields__, *Figures.__dataclass_fields__]:
        assert f"`{field}`" in DOCS["commands.md"]


def test_every_page_is_in_the_index_and_every_link_leads_somewhere() -> None:
    assert set(re.findall(r"\]\(([\w-]+\.md)", DOCS["README.md"])) == set(DOCS) - {"README.md"}
    for page in [*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]:
        for link, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text()):
            target = page.parent / link if link else page
            assert target.exists(), f"{page.name} links to {link}"
            if anchor:
                headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
                assert anchor in {heading.lower().replace(" ", "-") for heading in headings}, f"{page.name} links to #{anchor}"
