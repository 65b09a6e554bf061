"""What chance explains: exact binomial bounds for statements about shares (https://en.wikipedia.org/wiki/Binomial_distribution)."""

from math import comb

from harness.model.errors import StatementFailed

#: How often such a statement may fail although the system is right.
FALSE_ALARM = 1e-6


def tails(count: int, of: int, probability: float) -> tuple[float, float]:
    """The probabilities of at most, and of at least, ``count`` hits among ``of`` independent ones."""
    each = [comb(of, k) * probability**k * (1 - probability) ** (of - k) for k in range(of + 1)]
    return sum(each[: count + 1]), sum(each[count:])


def expect_plausible_share(count: int, *, of: int, probability: float, what: str, alarm: float = FALSE_ALARM) -> None:
    """Require that chance explains ``count`` hits among ``of`` at this probability, with a false alarm in ``alarm`` of all runs.

    :raises StatementFailed: it does not
    """
    __tracebackhide__ = True
    lower, upper = tails(count, of, probability)
    if min(lower, upper) < alarm / 2:
        wanted = f"{what}: a share of {probability:.3f} of {of}, but for one run in {1 / alarm:.0f}"
        raise StatementFailed(wanted, f"{count}, a share of {count / of:.3f}; chance gives {min(lower, upper):.1e}")
