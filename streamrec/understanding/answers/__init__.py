"""Answers to viewers' questions, out of what the shop and its host said."""
