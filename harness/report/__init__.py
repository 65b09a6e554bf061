"""The catalogue of statements, evidence, the report and its renderings, and the comparison of two reports."""
