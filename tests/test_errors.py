"""The tree of errors that the module draws is the one that it defines."""

from __future__ import annotations

import inspect
import re

from streamrec import errors

CLASSES = {name: kind for name, kind in vars(errors).items() if inspect.isclass(kind)}


def test_the_tree_in_the_docstring_names_every_error_below_its_parent() -> None:
    drawn = re.findall(r"^    ([│ ]*)[├└]── (\w+)", errors.__doc__ or "", re.MULTILINE)
    parents = {name: "ModelError" if bars else "StreamrecError" for bars, name in drawn}
    assert parents == {name: kind.__mro__[1].__name__ for name, kind in CLASSES.items() if name != "StreamrecError"}


def test_every_error_says_in_a_sentence_what_is_wrong() -> None:
    for kind in CLASSES.values():
        assert re.fullmatch(r"[A-Z].+[^.]\.", inspect.getdoc(kind) or ""), kind
