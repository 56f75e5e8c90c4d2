"""How the shipped model was made; everything here but `require` and `corpus` needs the extra `train`."""
