"""For all selftests."""

from hypothesis import settings

# pytest takes this from here because `pytest selftests` loads the file before anything is configured
pytest_plugins = ["pytester"]

settings.register_profile("selftests", deadline=None)  # how long an example takes on a busy machine is no fault of the code
settings.load_profile("selftests")
