"""The words of a report, for somebody who reads one for the first time."""

from harness.model.statements import Keyword, Profile
from harness.model.verdicts import Conformance, Outcome, Verdict

#: What a report speaks of.
THINGS = {
    "statement": "a sentence about MetalLB or an ingress controller that a run judges, with an id such as CAN-11 and a source",
    "case": "a statement is judged once, or once a case, for instance for IPv4 and for IPv6; it is met when all cases that apply are",
    "feature": "something that an ingress controller may offer, for instance canary; statements that need one it lacks do not apply",
    "expected, seen last": "what the statement demands, and what the last attempt within the time limit found",
    "time limit": "the seconds within which a state has to be reached; --timeout-scale multiplies all of them",
    "evidence": "what was collected when a case failed: objects, events, logs and requests, in a folder beside this report",
    "baseline": "the list of known deviations of a version, each with a reason and a link",
}
#: The first claim.
GATE = {
    Verdict.AS_EXPECTED: "what was judged is met or deviates as a baseline says, and no listed deviation is gone",
    Verdict.CHANGED: "a statement failed, left something behind or is blocked, or a listed deviation is gone",
    Verdict.INTERRUPTED: "the run ended before everything was judged",
    Verdict.ENVIRONMENT_FAILED: "the ground gave way; nothing is said about the systems under test",
    Verdict.NOTHING_JUDGED: "nothing that was selected applies",
}
#: The second claim, in which a known deviation excuses nothing.
CONFORMANCE = {
    Conformance.SUCCESS: "every statement of the profile that applies was judged and is met",
    Conformance.PARTIAL: "no MUST is unmet among those judged, but a SHOULD or MAY is, or statements that may apply were not judged",
    Conformance.FAILURE: "a MUST of the profile is not met, whether or not a baseline lists it",
    Conformance.NOTHING_JUDGED: "no statement of the profile was judged",
}
KEYWORDS = {
    Keyword.MUST: "binding (RFC 2119)",
    Keyword.SHOULD: "to be done unless there is a good reason not to",
    Keyword.MAY: "allowed; the statement says what else has to hold then",
}
PROFILES = {
    Profile.CORE: "has to hold everywhere",
    Profile.EXTENDED: "has to hold where what it needs is offered",
    Profile.OBSERVED: "recorded and held against nobody: how systems differ where no specification decides",
}
OUTCOMES = {
    Outcome.PASSED: "judged, and it holds",
    Outcome.FAILED: "judged, and it does not hold, which no baseline says; the gate says changed",
    Outcome.BLOCKED: "not judged, since something of the systems under test that it rests on does not hold, as the statements named say; "
    "never a pass, and for the gate what its cause is",
    Outcome.KNOWN_DEVIATION: "it does not hold, as a baseline says: expected by the gate, and not met for conformance",
    Outcome.STALE_DEVIATION: "a baseline says that it does not hold, and it does: until the entry goes, the gate says changed",
    Outcome.ENVIRONMENT_ERROR: "the ground gave way, for instance a node or an image; nothing is said about the systems under test",
    Outcome.NOT_RUN: "planned, and the run ended before",
    Outcome.SKIPPED: "your own file says that it is not to be judged, for the reason given",
    Outcome.NOT_APPLICABLE: "does not apply to the versions, the controller or the cluster of this run, for the reason given",
}
