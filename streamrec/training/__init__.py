"""How the shipped model was made: data, networks, graphs and steps, each standing on those before. Needs the extra `train`."""
