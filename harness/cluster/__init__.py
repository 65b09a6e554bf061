"""The ground a run stands on: engine, network, kind cluster, images, Kubernetes API, and what keeps parallel statements apart."""
