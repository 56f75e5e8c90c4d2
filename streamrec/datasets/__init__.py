"""Converters from public data sets to the wire format, and the sample that ships."""
