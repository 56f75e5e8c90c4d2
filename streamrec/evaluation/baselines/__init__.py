"""Rankers that streamrec is measured beside: counts, neighbours, content, EASE, and what can be learned from them."""
