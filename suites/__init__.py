"""The statements: one folder a subject, one file a behaviour."""
