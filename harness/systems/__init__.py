"""The systems under test and the example project that stands on them."""
