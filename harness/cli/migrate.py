"""``migrate``: what somebody's own Ingresses answer on one controller and on another, and every difference."""

import argparse
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.cli import Commands
from harness.cluster.api import Api
from harness.cluster.kubeconfig import kubeconfig, require_context
from harness.cluster.steps import Steps
from harness.migration import gateway, rendering
from harness.migration.acceptance import Acceptance
from harness.migration.asking import Bench, Questions, ask
from harness.migration.conclusion import Sides, conclude
from harness.migration.own_requests import read_requests
from harness.migration.pods import pods_behind
from harness.migration.reading import Routes, read_cluster, read_paths
from harness.migration.requests import Derived, derive
from harness.migration.standing import Standing
from harness.model.errors import UsageFault
from harness.model.verdicts import ExitCode
from harness.plugin.options import add_images
from harness.plugin.settings import systems_under_test
from harness.systems.environment import Settings

#: Where the reports go, from the folder that the user stands in.
REPORTS = "reports/migrations"
_ABOUT = """Stand your own Ingresses up on one ingress controller and on another, each on a small cluster of its own with an echo backend
for every Service, send both the same requests, derived from the Ingresses, and say what will be different. Nothing of yours is
changed, and nothing leaves this machine. Exit code 0: nothing is different, 1: something is."""
#: Options of a run that a migration does not have.
USUAL = dict.fromkeys(("metallb", "metallb_mode", "kubernetes", "metallb_manifest", "ingress_manifest"), None)


def add_command(commands: Commands) -> None:
    """Declare ``migrate``."""
    parser = commands.add_parser("migrate", help="say what your own Ingresses answer on another controller", description=_ABOUT)
    parser.add_argument(
        "paths", metavar="PATH", nargs="*", type=Path, help="files, charts and folders with Ingresses, Services, ConfigMaps"
    )
    parser.add_argument("--values", type=Path, action="append", default=[], metavar="FILE", help="values for the charts; may be repeated")
    parser.add_argument("--context", metavar="NAME", help="read them from this context of the kubeconfig instead; nothing is written there")
    parser.add_argument("--kubeconfig", type=Path, metavar="FILE", help="the kubeconfig (default: KUBECONFIG, or ~/.kube/config)")
    parser.add_argument("--from", dest="a", required=True, metavar="NAME[@VERSION]", help="the controller that serves them now")
    several = f"one that is to serve them, or {gateway.NAME}; repeated, each is compared with the first"
    parser.add_argument("--to", dest="b", required=True, action="append", metavar="NAME[@VERSION]", help=several)
    parser.add_argument("--class", dest="ingress_class", metavar="NAME", help="their class (default: the one that --from usually has)")
    asked = "requests of your own besides, one a line as `GET https://HOST/PATH`, or an access log of ingress-nginx"
    parser.add_argument("--requests", type=Path, metavar="FILE", help=asked)
    parser.add_argument(
        "--accept", type=Path, metavar="FILE", help="differences that are accepted; one that is no longer there is an error"
    )
    restored = "give the controllers of --to the settings that are known to make them answer as the first one does"
    parser.add_argument("--restore", action="store_true", help=restored)
    parser.add_argument("--dry-run", action="store_true", help="print the requests, and create nothing")
    parser.add_argument("--report-dir", type=Path, default=Path(REPORTS), metavar="DIR", help=f"folder of the reports (default: {REPORTS})")
    add_images(parser.add_argument_group("where components come from").add_argument)
    parser.set_defaults(command=migrate, **USUAL)


def migrate(options: argparse.Namespace) -> int:
    """Compare, write a report and print what will be different.

    :raises UsageFault: the input, a controller or the file of what is accepted cannot be; nothing was created
    :raises EnvironmentFault: a cluster did not come up; nothing of it stays
    """
    (first, _), *others = [_settings(options, name) for name in (options.a, *options.b)]
    acceptances = [Acceptance.read(options.accept) for _ in others]
    routes = _routes(options, first)
    derived = _requests(options, routes)
    print(f"{len(routes.ingresses)} Ingresses, {len(derived)} requests; {len(routes.skipped)} objects are not compared")
    if options.dry_run:
        print("\n".join("  ".join(filter(None, ("/".join(one.ingress), one.line, ", ".join(one.about)))) for one in derived))
        return ExitCode.AS_EXPECTED
    pods_behind(routes, Standing(routes, "", "").named_services)  # before anything is created
    began = datetime.now(UTC)
    folder: Path = options.report_dir / f"{began:%Y%m%d-%H%M%S}"
    steps = Steps(lambda line: print(line, flush=True))
    a, changed = ask(first, Questions(routes, derived), steps, folder / "cluster-logs"), False
    for (to, bench), acceptance in zip(others, acceptances, strict=True):
        b = ask(to, Questions(routes, derived, bench, options.restore), steps, folder / "cluster-logs")
        found = conclude(Sides(routes, derived, a, b), to, acceptance, f"{began:%Y-%m-%dT%H:%M:%SZ}")
        written = rendering.write(found, folder / b.name if len(others) > 1 else folder)
        print(f"\n{rendering.in_words(found)}\n\nwrote {written}", flush=True)
        changed = changed or found.different
    return ExitCode.CHANGED if changed else ExitCode.AS_EXPECTED


def _requests(options: argparse.Namespace, routes: Routes) -> list[Derived]:
    """The requests that are derived of the routes, then those of the user's own."""
    derived = derive(routes)
    known = {one.request for one in derived}
    own = read_requests(options.requests, routes) if options.requests else []
    return [*derived, *(one for one in own if one.request not in known)]


def _settings(options: argparse.Namespace, name: str) -> tuple[Settings, type[Bench]]:
    """One controller on one node, as what is compared needs no more, and who stands routes up on it.

    :raises UsageFault: it cannot be, or Gateway API is asked for where nothing converts routes
    """
    asked, at, version = name.partition("@")
    if of_gateway := asked == gateway.NAME:
        if name == options.a:
            raise UsageFault(f"--to {gateway.NAME}", f"--from {gateway.NAME}", "Ingresses are what is converted: name who serves them now")
        gateway.program()
    wanted = f"{gateway.CONTROLLER}{at}{version}" if of_gateway else name
    settings = systems_under_test((vars(options) | {"ingress": [wanted]}).__getitem__)
    return replace(settings, nodes=1), gateway.GatewayBench if of_gateway else Bench


def _routes(options: argparse.Namespace, settings: Settings) -> Routes:
    if bool(options.paths) == bool(options.context):
        raise UsageFault("PATH, or --context NAME", "both" if options.context else "neither", "say where the Ingresses are")
    if options.context and options.values:
        raise UsageFault("--values beside charts", f"--context {options.context}", "leave --values out: what a cluster has is rendered")
    if options.context:
        file = kubeconfig(options.kubeconfig)
        require_context(file, options.context)
        with TemporaryDirectory() as folder:
            routes = read_cluster(Api(file, options.context, Path(folder) / "discovery.json"), options.context)
    else:
        routes = read_paths(options.paths, options.values)
    wanted = options.ingress_class or settings.controllers[0].ingress_class
    routes.keep_class(wanted)
    if not routes.ingresses:
        raise UsageFault(f"an Ingress of the class {wanted}, or of none", routes.skipped[-1].why, "name their class by --class")
    return routes
