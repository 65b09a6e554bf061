"""The options of a run; what they mean together stands in ``settings.py``.

They are declared once, for pytest and for the command ``run`` alike.
"""

from argparse import ArgumentTypeError
from collections.abc import Callable

import pytest

from harness.catalogue.levels import Level
from harness.cluster.disruptions import Disruption
from harness.cluster.sources import Source, components
from harness.model.project import BASELINES, RUNS
from harness.systems.ingress.controllers import DEFAULT, controller
from harness.systems.metallb.modes import Mode

#: When a cluster stays after its run.
KEEP = ("never", "on-failure", "always")
#: Statements judged at a time where two cores are free: one of them on the second cluster.
WORKERS = 9

#: Declares one option: the ``addoption`` of a group of pytest's, or the ``add_argument`` of one of argparse's.
Add = Callable[..., object]
#: Makes a group of options from its name and what its options are about.
Group = Callable[[str, str], Add]


def add_to_pytest(parser: pytest.Parser) -> None:
    """Declare the options to pytest."""
    _add_selection(parser.getgroup("statements", "which statements").addoption)
    add_options(lambda name, title: parser.getgroup(name, title).addoption)


def add_options(group: Group) -> None:
    """Declare what a run can be told beside which statements it judges, whoever starts it."""
    systems = group("systems", "systems under test")
    add_systems(systems)
    _add_upgrade(systems)
    add_images(group("images", "where components come from"))
    _add_cluster(group("cluster", "the cluster that statements run on"))
    _add_existing(group("existing cluster", "a cluster that somebody else made, on which only that is changed which the run made"))
    _add_judging(group("judging", "judgement and report"))


def _add_selection(add: Add) -> None:
    add("--statement", metavar="ID", action="append", default=[], help="judge the statement of this id and no other (repeatable)")
    add_level(add)
    add("--list-statements", action="store_true", help="list the selected statements and run nothing")


def add_level(add: Add) -> None:
    """Declare how much is judged."""
    chosen = "smoke: some 20 quick statements, the essentials; core: every CORE statement that disturbs no other; full: all; "
    chosen += "scale: what a thousand Services and routes do to the systems, recorded and judged by nobody (default: full)"
    add("--level", choices=tuple(str(level) for level in Level), default=str(Level.FULL), help=chosen)


def add_workers(add: Add) -> None:
    """Declare how many statements are judged at a time; of pytest's own options, pytest-xdist's ``--numprocesses`` is that."""
    at_a_time = f"statements judged at a time, or auto for one a core (default: {WORKERS})"
    add("-n", "--workers", dest="numprocesses", type=workers, metavar="NUMBER", help=at_a_time)


def add_systems(add: Add) -> None:
    """Declare what is under test."""
    known = components()
    metallb, kubernetes = (known[name].default for name in ("metallb-controller", "kind-node"))
    ingress = f"{DEFAULT}@{controller(DEFAULT, '').usual_version}"
    add("--metallb", metavar="VERSION", help=f"version of MetalLB under test (default: {metallb})")
    spoken = "how MetalLB speaks BGP, each with a published manifest of its own (default: native, or as --metallb-manifest says)"
    add("--metallb-mode", choices=tuple(str(mode) for mode in Mode), help=spoken)
    beside = f"ingress controller under test; repeated, each is judged beside the others on one cluster (default: {ingress})"
    add("--ingress", metavar="NAME[@VERSION]", action="append", default=[], help=beside)
    minor = kubernetes.rpartition(".")[0]
    add(
        "--kubernetes",
        metavar="VERSION",
        help=f"version of Kubernetes, that is of the kind node image; {minor} is enough (default: {kubernetes})",
    )
    add(
        "--metallb-manifest",
        metavar="FILE|URL",
        help="install MetalLB from this instead of the published manifest, with the images it names",
    )
    add("--ingress-manifest", metavar="FILE|URL", help="the same of the ingress controller, where there is one")


def _add_upgrade(add: Add) -> None:
    """Declare what is under test beside versions."""
    changed = "judge also what becomes of Services when this version of MetalLB is upgraded to the one under test, and taken back to"
    add("--upgrade-from", metavar="VERSION", help=changed)


def add_images(add: Add) -> None:
    """Declare where the components come from."""
    add(
        "--images",
        choices=tuple(str(source) for source in Source),
        default="auto",
        help="registry: pull them; packages: build them; auto: what the engine has, else pull, else build (default: auto)",
    )
    add("--image-mirror", metavar="PREFIX", default="", help="put before every public image reference, for instance registry.example.org/")
    mirrored = "put before every public address that a manifest or kind is fetched from, without its https://"
    add("--download-mirror", metavar="URL", default="", help=mirrored)
    add(
        "--image",
        metavar="COMPONENT=REF",
        action="append",
        default=[],
        help="judge an image of your own, as metallb-controller=me/controller:pr-123 (repeatable)",
    )


def _add_cluster(add: Add) -> None:
    """Declare what the cluster is like, and whether it stays."""
    add("--nodes", type=int, default=3, metavar="NUMBER", help="nodes of the cluster, the control plane included (default: 3)")
    several = "clusters of the run: what needs one to itself is judged on the second (default: 2 where that is faster and there is room)"
    add("--clusters", type=int, choices=(1, 2), help=several)
    add("--network-policies", action="store_true", help="have kube-router enforce network policies (default: nothing of the suite's does)")
    add("--ip-family", choices=("ipv4", "ipv6", "dual"), default="ipv4", help="address families of the cluster (default: ipv4)")
    add("--kind-bin", metavar="FILE", help="the kind binary (default: the one on PATH if it fits, else a published or built one)")
    add("--subnet", metavar="CIDR", help="IPv4 subnet of the run's Docker network (default: the engine chooses)")
    in_pool = "addresses of the example project's pool, in --subnet (default: .200 to .250 of the network's last /24)"
    add("--example-pool", metavar="RANGE", help=in_pool)
    add("--keep-cluster", choices=KEEP, default="never", help="whether the cluster stays after the run (default: never)")
    add("--reuse-cluster", metavar="NAME", help="run on a cluster that an earlier run kept; latest for the last one")


def _add_existing(add: Add) -> None:
    """Declare what a run may use of a cluster that is there."""
    add("--context", metavar="NAME", help="judge on the cluster of this context of the kubeconfig; never the current one by itself")
    add("--kubeconfig", metavar="FILE", help="the kubeconfig of --context (default: KUBECONFIG, or ~/.kube/config)")
    ranged = "addresses that the run may hand out there and nobody uses, FIRST-LAST or a CIDR; twice where the cluster has both families"
    add("--pool", metavar="RANGE", action="append", default=[], help=ranged)
    asks = "the node, one that announces nothing, from whose network a Pod asks who has an address (default: nobody asks)"
    add("--wire-probe", metavar="NODE", help=asks)
    router = "where routes are read: in Pods (frr-pod), or on a router of yours, by a command like `ssh router vtysh` (default: nowhere)"
    add("--router", metavar="WHERE", help=router)
    done = "what may be done to what others use, each undone before the run ends (repeatable; default: nothing)"
    add("--allow-disruption", action="append", default=[], choices=tuple(map(str, Disruption)), help=done)
    add("--dry-run", action="store_true", help="with --context: say what is there, what would be made and judged, and end")


def _add_judging(add: Add) -> None:
    """Declare by which measure is judged, and where the report goes."""
    scaled = "multiply every time limit, for slow machines; the report says so (default: 1)"
    add("--timeout-scale", type=positive, default=1.0, metavar="FACTOR", help=scaled)
    listed = f"folder of known deviations, NAME.toml for each system, instead of the suite's {BASELINES}; --config adds some"
    add("--baselines", metavar="DIR", help=listed)
    owned = "your own file: options, skips, known deviations (default: conformance.toml here or above, up to the repository's root)"
    add("--config", metavar="FILE", help=owned)
    proposed = "write into the report, as NAME.proposed.toml, what this run would change in the known deviations of each system"
    add("--propose-deviations", action="store_true", help=proposed)
    add("--report-dir", metavar="DIR", help=f"folder of the reports, with a folder for each run (default: {RUNS})")


def workers(text: str) -> int | str:
    """A number of workers, or auto.

    :raises ArgumentTypeError: anything else
    """
    if text != "auto" and not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is neither a number nor auto")
    return text if text == "auto" else int(text)


def positive(text: str) -> float:
    """A number above zero.

    :raises ArgumentTypeError: anything else
    """
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not a number above zero")
    return number
