"""The version of streamrec, below every room: schemas and commands name it, and neither may import the public surface."""

__version__ = "0.1.0"
