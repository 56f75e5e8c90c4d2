"""Faults injected into real Kafka and real workers, and a count of what came out."""
