"""What the filters keep out of a viewer's lists, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from streamrec.web import removed
from streamrec.web.showing import People

Client = TestClient[web.Request, web.Application]
REMOVED = {"ann": {"sold_out": [f"i{number}" for number in range(30)], "hidden": []}, "bob": {}}


def visit(people: People, visitor: Callable[[Client], Awaitable[None]]) -> None:
    async def find(user_id: str) -> Any:
        return REMOVED.get(user_id)

    async def names(items: list[str]) -> Any:
        return {item: item.upper() for item in items}, {}

    async def run() -> None:
        app = web.Application()
        removed.serve_removed(app, find, names, people)
        async with TestClient(TestServer(app)) as client:
            await visitor(client)

    asyncio.run(run())


def test_by_id_or_pseudonym_each_filter_tells_how_many_and_some_titles() -> None:
    people = People(show=False)
    pseudonym = people.introduce("ann")

    async def visitor(client: Client) -> None:
        for name in ("ann", pseudonym):
            said = (await (await client.get("/removed", params={"viewer": name})).json())["removed"]
            assert list(said) == ["sold_out"]
            assert said["sold_out"]["count"] == 30
            assert said["sold_out"]["titles"] == [f"I{number}" for number in range(removed.MOST)]
        assert (await (await client.get("/removed", params={"viewer": "bob"})).json()) == {"removed": {}}
        assert (await client.get("/removed", params={"viewer": "carl"})).status == 404

    visit(people, visitor)


def test_a_pseudonym_is_forgotten_after_many_others(monkeypatch: Any) -> None:
    monkeypatch.setattr("streamrec.web.showing.REMEMBERED", 2)
    people = People(show=False)
    first = people.introduce("ann")
    assert people.whose(first) == "ann"
    for other in ("bob", "carl"):
        people.introduce(other)
    assert people.whose(first) == first
