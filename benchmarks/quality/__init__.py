"""How good the lists are: streamrec and its rivals on real purchases, by the commands that users have."""
