"""What the test of several processes runs in each of them: gradients through shared vectors, then `streamrec train` with the arguments."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import torch

from streamrec.cli.main import main
from streamrec.training.networks.bert import load_encoder
from streamrec.training.networks.vectors import embed
from streamrec.training.processes import Processes


def gradients(work: Path) -> list[float]:
    """Norms of the gradients of a loss of all pairs of nine texts, each process encoding its share."""
    processes = Processes.join()
    encoder = load_encoder(work / "encoder").eval()
    scale = torch.nn.Parameter(torch.tensor(2.0))
    tokens = np.random.default_rng(5).integers(5, 300, (9, 6)).astype(np.int32)
    vectors = embed(encoder, tokens, processes=processes)
    loss = (scale * vectors @ vectors.T).square().sum() / processes.world
    loss.backward()
    parameters = [scale, *encoder.parameters()]
    processes.sum_gradients(parameters)
    return [value.grad.norm().item() for value in parameters]


if __name__ == "__main__":
    work = Path(sys.argv[3])
    found = gradients(work)
    if Processes.join().first:
        (work / "gradients.json").write_text(json.dumps(found))
    main()
