"""The one exception of the lab, and how its message is laid out."""


class LabError(Exception):
    """The lab cannot go on. The message fits on one screen: what was expected, what was found, what to do."""

    def __init__(self, expected: str, found: str, remedy: str) -> None:
        self.expected = expected
        self.found = found
        self.remedy = remedy
        super().__init__(f"expected: {expected}\nfound:    {found}\nto do:    {remedy}")
