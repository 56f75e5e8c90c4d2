"""Several processes that train one network, as `torchrun` starts them (gloo)."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import distributed


@dataclass(frozen=True, slots=True)
class Processes:
    """This process among all. Each draws the same batch and works on its share; sums over all give what one process would have."""

    rank: int
    world: int

    @classmethod
    def join(cls) -> Processes:
        """The processes that `torchrun` started, or this one alone."""
        return _join()

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes files and shows progress."""
        return self.rank == 0

    def share(self, size: int) -> tuple[NDArray[np.intp], float]:
        """The rows of a batch that are this process's, and their part of the batch (a row that counts 0 when there are too few)."""
        rows = np.arange(self.rank, size, self.world)
        return (rows, len(rows) / size) if len(rows) else (np.zeros(1, np.intp), 0.0)

    def gather(self, part: Any, size: int) -> Any:
        """The (size, d) rows of which every process holds one in `world`.

        When each process takes 1 / world of a loss of all rows, the sum of their gradients is that of the loss: that is why the
        gradient of the own rows is multiplied by `world`.
        """
        most = -(-size // self.world)
        mine = torch.zeros(most, part.shape[1])
        mine[: len(part)] = part.detach()
        pieces = [torch.empty_like(mine) for _ in range(self.world)]
        distributed.all_gather(pieces, mine)
        rows = torch.stack(pieces, 1).reshape(-1, part.shape[1])[:size]
        own = torch.arange(self.rank, size, self.world)
        return rows.index_copy(0, own, part.detach() + self.world * (part - part.detach()))

    def sum_gradients(self, parameters: Iterable[Any]) -> None:
        """Replace every gradient by the sum over all processes."""
        if self.world > 1:
            for value in parameters:
                if value.requires_grad:
                    value.grad = torch.zeros_like(value) if value.grad is None else value.grad
                    distributed.all_reduce(value.grad)

    def sum_values(self, values: dict[str, Any]) -> dict[str, float]:
        """The sum of every value over all processes."""
        total = torch.stack([value.detach() for value in values.values()])
        if self.world > 1:
            distributed.all_reduce(total)
        return dict(zip(values, total.tolist(), strict=True))


@cache
def _join() -> Processes:
    # torchrun says both in the environment. gloo, because every step is meant for CPUs.
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world > 1:
        distributed.init_process_group("gloo")
        atexit.register(distributed.destroy_process_group)
    return Processes(int(os.environ.get("RANK", "0")), world)
