"""The way out of a StateMismatch: what does not fit together is mended so that the worker can go on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

import structlog
from aiokafka.errors import ProducerFenced

from streamrec.engine.store.changelog import Changelog, Pairs
from streamrec.engine.store.mark import encode
from streamrec.engine.store.shelf import rows_on_disk
from streamrec.errors import GroupNotEmpty, StateMismatch
from streamrec.operations.diagnosis import known_mark, unfinished
from streamrec.operations.plan import Plan
from streamrec.operations.survey import rows_of
from streamrec.settings import Settings
from streamrec.system.core import off_loop

log = structlog.get_logger(__name__)

ROWS = 20_000
"""Most rows of one transaction: the broker aborts it after a minute, and what waits for it reads nothing meanwhile."""


async def mend(settings: Settings, confirmed: Sequence[Plan], diagnose: Callable[[], list[Plan]]) -> list[Plan]:
    """Do what was confirmed and return what was done. If it is killed half-way, the next diagnosis finds that and finishes it.

    `diagnose` is called once more when no older owner can write any more: its figures may be newer, but it must find no problem that
    was not confirmed.

    Raises:
        StateMismatch: it finds such a problem.
        GroupNotEmpty: a worker was started meanwhile.
    """
    agreed = {key for plan in confirmed for key in plan.keys}
    async with AsyncExitStack() as stack:
        changelogs: dict[str, Changelog] = {}
        try:
            # Opening a changelog fences whoever wrote to it before: a worker that hangs, and whose session the group has ended, may wake.
            for plan in confirmed:
                if plan.mark is not None:
                    changelogs[plan.view.label] = changelog = _changelog(settings, plan)
                    stack.push_async_callback(changelog.close)
                    await changelog.open()
            # Only now does nothing change any more: the figures that were agreed to may have been of a minute ago.
            plans = [plan for plan in await off_loop(diagnose) if plan.problems]
            if any(plan.keys - agreed or (plan.mark is not None and plan.view.label not in changelogs) for plan in plans):
                raise StateMismatch("something else does not fit together since you agreed: run `streamrec state repair` again")
            for plan in plans:
                if plan.mark is not None:
                    await _write(settings, plan, changelogs[plan.view.label])
                # Last: until the mark is written, the disk may be all that is left of the rows.
                if plan.wipe:
                    await off_loop(shutil.rmtree, plan.view.folder)
                log.info("mended", partition=plan.view.label)
        except ProducerFenced as exc:
            raise GroupNotEmpty("a worker was started meanwhile: stop it, and run `streamrec state repair` again") from exc
    return plans


def _changelog(settings: Settings, plan: Plan) -> Changelog:
    return Changelog(settings, plan.view.side.name, plan.view.side.changelog, plan.view.number)


async def _write(settings: Settings, plan: Plan, changelog: Changelog) -> None:
    """Write rows in bounded transactions. The last one carries the mark; the others one from which no worker goes on."""
    assert plan.mark is not None
    rows = list(await off_loop(_rows, settings, plan))
    meanwhile = (known_mark(plan.view) if plan.rows == "changelog" else None) or unfinished(plan.mark)
    # From the end, so that the list shrinks in place; the order of rows does not matter, each key is there once.
    while len(rows) > ROWS:
        await changelog.commit(rows[-ROWS:], encode(meanwhile))
        del rows[-ROWS:]
    await changelog.commit(rows, encode(plan.mark))


def _rows(settings: Settings, plan: Plan) -> Pairs:
    """The rows to write; those that nobody can read are deleted."""
    forget, dropped = plan.view.side.in_row, [(key, None) for key in plan.drop]
    if plan.rows == "changelog" and not plan.rewrite and (forget is None or not plan.limits):
        return dropped
    rows = rows_on_disk(plan.view.folder) if plan.rows == "disk" else rows_of(settings, plan.view)
    kept = {key: raw for key, raw in rows.items() if key not in plan.drop}
    match plan.rows:
        case "disk":
            return [*((key, (forget(raw, plan.limits) if forget else None) or raw) for key, raw in kept.items()), *dropped]
        case "delete":
            return [*((key, None) for key in kept), *dropped]
        case "changelog":
            changed = {key: less for key, raw in kept.items() if forget and (less := forget(raw, plan.limits)) is not None}
            return [*((kept | changed) if plan.rewrite else changed).items(), *dropped]
