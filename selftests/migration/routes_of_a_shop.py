"""Routes as users have them, as text and as objects."""

from pathlib import Path
from typing import Any

import yaml

from harness.migration.reading import Routes, read_paths

SHOP = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {ports: [{port: 8080}, {port: 53, protocol: UDP}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: plain, namespace: shop}
spec:
  ingressClassName: nginx
  rules:
  - host: shop.example.test
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}
      - {path: /v1, pathType: Prefix, backend: {service: {name: api, port: {number: 8080}}}}
"""


def ingress(
    name: str = "one", *paths: dict[str, Any], host: str = "one.example.test", notes: dict[str, str] | None = None, **spec: Any
) -> dict[str, Any]:
    """An Ingress in the namespace shop, by default for every path of one host."""
    annotations = {f"nginx.ingress.kubernetes.io/{key}": value for key, value in (notes or {}).items()}
    rules = [{"host": host, "http": {"paths": list(paths) or [path("/")]}}]
    metadata = {"name": name, "namespace": "shop", "annotations": annotations}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": {"rules": rules, **spec}}


def path(text: str, service: str = "web", kind: str = "Prefix") -> dict[str, Any]:
    """A path that leads to a Service."""
    return {"path": text, "pathType": kind, "backend": {"service": {"name": service, "port": {"number": 80}}}}


def routes(*items: dict[str, Any]) -> Routes:
    """Objects as they are taken in."""
    made = Routes()
    for item in items:
        made.take(item, "here")
    return made


def written(folder: Path, *texts: str) -> Routes:
    """Documents as they are read from files of a folder."""
    for number, text in enumerate(texts):
        (folder / f"{number}.yaml").write_text(text)
    return read_paths([folder])


def as_list(*items: dict[str, Any]) -> str:
    """What ``kubectl get -o yaml`` prints."""
    return yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": list(items)})
