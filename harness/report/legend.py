"""The words of a report, for somebody who reads one for the first time."""

from harness.model.statements import Keyword, Profile
from harness.model.verdicts import Outcome

#: What a report speaks of.
THINGS = {
    "statement": "a sentence about MetalLB or an ingress controller that a run judges, with an id such as CAN-11 and a source",
    "case": "a statement is judged once, or once for each of its cases, for instance for IPv4 and for IPv6; the counts are counts of cases",
    "expected, seen last": "what the statement demands, and what the last attempt within the time limit found",
    "time limit": "the seconds within which a state has to be reached; --timeout-scale multiplies all of them",
    "evidence": "what was collected when a case failed: objects, events, logs and requests, in a folder beside this report",
    "baseline": "the list of known deviations of a version, each with a reason and a link",
}
KEYWORDS = {
    Keyword.MUST: "binding (RFC 2119)",
    Keyword.SHOULD: "to be done unless there is a good reason not to",
    Keyword.MAY: "allowed; the statement says what else has to hold then",
}
PROFILES = {
    Profile.CORE: "has to hold everywhere",
    Profile.EXTENDED: "has to hold where the feature is offered",
    Profile.INGRESS_NGINX: "has to hold for controllers that follow ingress-nginx",
    Profile.CHARACTERISATION: "recorded and held against nobody: how systems differ where no specification decides",
}
OUTCOMES = {
    Outcome.PASSED: "judged, and it holds",
    Outcome.FAILED: "judged, and it does not hold; the run is not conformant",
    Outcome.KNOWN_DEVIATION: "it does not hold, as the baseline says; the run may be conformant all the same",
    Outcome.STALE_DEVIATION: "the baseline says that it does not hold, and it does: until the entry goes, the run is not conformant",
    Outcome.ENVIRONMENT_ERROR: "the ground gave way, for instance a node or an image; nothing is said about the systems under test",
    Outcome.NOT_RUN: "planned, and the run ended before",
    Outcome.NOT_APPLICABLE: "does not apply to the versions or the cluster of this run, or your file skips it, for the reason given",
}
