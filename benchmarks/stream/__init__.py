"""The stream benchmark: streamrec's engine beside other ways to do the same work on Kafka, with ranking stubbed."""
