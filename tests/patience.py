"""How long a test waits for what must come."""

PATIENCE_S = 300.0
"""Far beyond what a busy machine needs: it ends a test that hangs, and judges no speed."""
