"""For all selftests."""

# pytest takes this from here because `pytest selftests` loads the file before anything is configured
pytest_plugins = ["pytester"]
