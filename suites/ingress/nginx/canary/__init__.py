"""Which requests a canary takes."""
