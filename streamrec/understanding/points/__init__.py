"""Selling points of an item for a viewer, each with its source."""
