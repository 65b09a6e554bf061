"""The user's own kubeconfig: where it is, and which contexts it has."""

import os
from pathlib import Path

from harness.model.errors import UsageFault


def kubeconfig(given: Path | None) -> Path:
    """The kubeconfig that ``kubectl`` would use, or the one that is given.

    :raises UsageFault: there is none
    """
    found = given or Path(os.environ.get("KUBECONFIG") or Path.home() / ".kube" / "config")
    if not any(Path(part).is_file() for part in str(found).split(os.pathsep)):
        raise UsageFault("a kubeconfig", f"there is no {found}", "name one by --kubeconfig, or by KUBECONFIG")
    return found


def require_context(file: Path, name: str) -> None:
    """Check that a kubeconfig has a context.

    :raises UsageFault: it has not, or cannot be read
    """
    import yaml
    from kubernetes.config import ConfigException, list_kube_config_contexts

    try:
        contexts, _ = list_kube_config_contexts(str(file))
    except (ConfigException, OSError, ValueError, yaml.YAMLError) as fault:
        raise UsageFault("a kubeconfig", f"{file}: {' '.join(str(fault).split())}", "correct it, or name another by --kubeconfig") from None
    names = [str(one["name"]) for one in contexts]
    if name not in names:
        raise UsageFault(f"a context {name} in {file}", f"it has {', '.join(names)}", "`kubectl config get-contexts` lists them")
