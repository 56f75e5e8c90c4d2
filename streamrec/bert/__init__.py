"""BERT as the pipeline sees it: texts become token ids, vectors and scores of (user, item) pairs."""
