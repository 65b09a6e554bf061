"""What is said in the end: all findings of two controllers, but for what was accepted before."""

from collections import Counter
from dataclasses import dataclass

from harness.migration.acceptance import Acceptance
from harness.migration.asking import Asked
from harness.migration.findings import Migration, Side, Verdict, compare, of_ingresses
from harness.migration.reading import Routes
from harness.migration.requests import Derived
from harness.migration.standing import Standing
from harness.model.features import Feature
from harness.plugin.suite_version import suite_version
from harness.systems.environment import Settings


@dataclass(frozen=True, slots=True)
class Sides:
    """The requests for some routes, and what came of them on both sides."""

    routes: Routes
    derived: list[Derived]
    a: Asked
    b: Asked


def conclude(of: Sides, to: Settings, acceptance: Acceptance, began: str) -> Migration:
    """Everything found, without what was accepted before.

    :param to: the settings of the second side
    :param began: when, as the report says it
    """
    compared, common = compare(of.derived, of.routes, of.a, of.b)
    compared = [acceptance.compared(one) for one in compared]
    common = acceptance.common(common)
    (controller,) = to.controllers
    offered = controller.features if of.b.name == controller.name else dict.fromkeys(Feature, "")  # what is converted may be offered
    a, b = (Side(one.name, one.version, round(one.seconds, 1), one.settings) for one in (of.a, of.b))
    return Migration(
        began=began,
        suite=suite_version(),
        a=a,
        b=b,
        requests=len(of.derived),
        counts=dict(Counter(str(one.verdict) for one in compared)),
        everywhere=tuple(common),
        ingresses=tuple(of_ingresses(of.routes, compared, (of.a, of.b), offered)),
        compared=tuple(one for one in compared if one.verdict is not Verdict.EQUAL),
        skipped=(*(f"{one.where}: {one.what}: {one.why}" for one in of.routes.skipped), *dict.fromkeys((*of.a.lacking, *of.b.lacking))),
        assumed=tuple("/".join(key) for key in Standing(of.routes, "", "").assumed),
        accepted=acceptance.number,
        stale=tuple(acceptance.stale),
    )
