"""streamrec: a real-time recommender for live commerce on Kafka and BERT."""

import os

# ONNX Runtime reports its use to its makers unless it is told not to before it is loaded.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"

__all__ = ["__version__"]
