"""The user's own kubeconfig: where it is, and which contexts it has; and the one of a Pod."""

import json
import os
from pathlib import Path

from harness.model.errors import UsageFault

#: The context of the cluster that this process itself runs in, as a Pod.
IN_CLUSTER = "in-cluster"
#: What a Pod is given of its ServiceAccount (https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/).
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def kubeconfig_of_pod(folder: Path) -> Path:
    """Write the kubeconfig of a Pod, by what its ServiceAccount may do.

    :raises UsageFault: this is no Pod with a ServiceAccount
    """
    host, port = (os.environ.get(f"KUBERNETES_SERVICE_{name}", "") for name in ("HOST", "PORT"))
    if not host or not (ACCOUNT / "token").is_file():
        raise UsageFault(f"--context {IN_CLUSTER} in a Pod with a ServiceAccount", "none", "name a context of your kubeconfig")
    server = f"https://{f'[{host}]' if ':' in host else host}:{port}"
    written = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": IN_CLUSTER, "cluster": {"server": server, "certificate-authority": str(ACCOUNT / "ca.crt")}}],
        "users": [{"name": IN_CLUSTER, "user": {"tokenFile": str(ACCOUNT / "token")}}],
        "current-context": IN_CLUSTER,
        "contexts": [{"name": IN_CLUSTER, "context": {"cluster": IN_CLUSTER, "user": IN_CLUSTER}}],
    }
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / "kubeconfig-of-pod"
    file.write_text(json.dumps(written))
    return file


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
