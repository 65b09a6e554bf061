"""``report.html``: one self-contained page, readable without a network, a mouse or a script."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from harness.model.project import COMMAND
from harness.model.verdicts import Conformance, Outcome, Verdict
from harness.report import cpu_use, identity, legend, summary
from harness.report.alike import alike
from harness.report.anchors import Anchors
from harness.report.claims import columns, in_short, sentence
from harness.report.formatting import addresses_apart, amount, clipped, number, printable, web_address
from harness.report.model import Report
from harness.report.strip_plots import ENOUGH, plot_groups
from harness.report.timeline import timeline

TEMPLATES = Path(__file__).parent / "templates"
#: The outcome whose colour and icon a claim borrows.
SIGNS: dict[str, Outcome] = {
    Verdict.AS_EXPECTED: Outcome.PASSED,
    Verdict.CHANGED: Outcome.FAILED,
    Verdict.INTERRUPTED: Outcome.NOT_RUN,
    Verdict.ENVIRONMENT_FAILED: Outcome.ENVIRONMENT_ERROR,
    Verdict.NOTHING_JUDGED: Outcome.NOT_RUN,
    Conformance.SUCCESS: Outcome.PASSED,
    Conformance.PARTIAL: Outcome.KNOWN_DEVIATION,
    Conformance.FAILURE: Outcome.FAILED,
}
#: Results by how grave they are: a colour for all profiles together is that of the first of these.
_WORST = (Conformance.FAILURE, Conformance.PARTIAL, Conformance.NOTHING_JUDGED, Conformance.SUCCESS)
#: Characters of all failures together, and the least and the most of one field: many failures are told briefly, so that the page opens.
_ROOM, _LEAST, _MOST = 600_000, 300, 6000
_FIELDS = 4


def render(report: Report) -> str:
    """The text of ``report.html``."""
    troubles, made = summary.having(report, *summary.TROUBLES), columns(report)
    every = [claim for of_one in made.values() for claim in of_one.values()]
    results = sorted(report.results, key=lambda result: (result.subject, result.id, result.case))
    return page(
        "report.html",
        report=report,
        command=COMMAND,
        signs=SIGNS,
        columns=made,
        called=summary.identity,
        differences=summary.differences(report),
        unmet=any(claim.unmet for claim in every),
        worst=SIGNS[min((claim.result for claim in every), key=_WORST.index, default=Conformance.NOTHING_JUDGED)],
        identity=identity.facts(report),
        cpu=cpu_use.in_words(report),
        headline=summary.headline(report),
        counts={outcome: count for outcome, count in summary.counts(report).items() if count},
        troubles=troubles,
        trouble_outcomes=summary.TROUBLES,
        room=min(max(_ROOM // (_FIELDS * max(len(troubles), 1)), _LEAST), _MOST),
        deviations=summary.having(report, Outcome.KNOWN_DEVIATION),
        blockings=summary.blockings(report),
        blocked_by=summary.blocked_by,
        unjudged=summary.unjudged(report),
        profiles=summary.profiles(report),
        matrix=summary.matrix(report),
        plot_groups=plot_groups(report),
        enough=ENOUGH,
        timeline=timeline(report),
        by_subject=[(subject, list(found)) for subject, found in groupby(results, attrgetter("subject"))],
        anchors=Anchors(results),
        legend=legend,
    )


def page(template: str, **context: Any) -> str:
    """Render a template with style and script inside, and a policy that lets a browser use only those, should escaping ever fail."""
    style, script = (Markup((TEMPLATES / name).read_text(encoding="utf-8")) for name in ("page.css", "page.js"))  # our own files
    policy = f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; base-uri 'none'; form-action 'none'"
    return _environment().get_template(template).render(style=style, script=script, policy=policy, **context)


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value,
    )
    made.filters |= {"amount": amount, "number": number, "clip": clipped, "describe": summary.describe, "web": web_address}
    made.filters |= {"columns": columns, "in_short": in_short, "sentence": sentence, "again": summary.again, "content": identity.content}
    made.filters["alike"] = alike
    made.filters |= {"folder": _folder, "name": summary.name, "headline": summary.headline, "linked": _linked}
    return made


def _folder(relative: str) -> str:
    """The address of a folder beside the page; quoting the colon and the leading dot leave no way to another scheme or host."""
    return f"./{quote(printable(relative))}/"


def _linked(text: str, limit: int) -> Markup:
    """At most ``limit`` characters of the text, with its web addresses as links."""
    link = Markup('<a href="{}">{}</a>')
    pieces = addresses_apart(printable(clipped(text, limit)))
    return Markup("").join(link.format(address, piece) if address else escape(piece) for piece, address in pieces)
