"""streamrec: a real-time recommender for live commerce on Kafka and BERT."""

__version__ = "0.1.0"

__all__ = ["__version__"]
