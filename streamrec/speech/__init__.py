"""From sound to segments of text, with the extra `speech`."""
