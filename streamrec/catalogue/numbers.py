"""Small numbers that stand for names in arrays."""

from __future__ import annotations

import heapq


class Numbers:
    """Numbers from 1 for the names in use. A name that is no longer used gives its number back, so that memory follows what is in use."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._names: list[str] = [""]
        self._uses: list[int] = [0]
        self._free: list[int] = []
        self.changes = 0
        """How often a name got or lost its number."""

    def __len__(self) -> int:
        """Names in use."""
        return len(self._numbers)

    def take(self, name: str) -> int:
        """The number of a name, for one more use of it."""
        number = self._numbers.get(name)
        if number is None:
            if self._free:
                # The lowest first, so that arrays over numbers stay short.
                number = heapq.heappop(self._free)
                self._names[number] = name
            else:
                number = len(self._names)
                self._names.append(name)
                self._uses.append(0)
            self._numbers[name] = number
            self.changes += 1
        self._uses[number] += 1
        return number

    def give(self, number: int) -> None:
        """End one use of a number; 0 stands for no name and is passed over."""
        if not number:
            return
        self._uses[number] -= 1
        if not self._uses[number]:
            del self._numbers[self._names[number]]
            self._names[number] = ""
            self.changes += 1
            heapq.heappush(self._free, number)

    def of(self, name: str) -> int:
        """The number of a name; 0 for one that is not in use."""
        return self._numbers.get(name, 0)

    @property
    def most(self) -> int:
        """The highest number that was ever given."""
        return len(self._uses) - 1

    def uses(self) -> list[int]:
        """How many uses each number has, that of 0 among them."""
        return self._uses

    def name(self, number: int) -> str:
        """The name of a number in use."""
        return self._names[number]
