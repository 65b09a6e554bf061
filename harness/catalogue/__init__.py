"""The catalogue: statements as data, the upstream rows they cover, and the documents generated from both."""
