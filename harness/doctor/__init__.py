"""The doctor: says why what users ask for does not work on a cluster, from what the API server tells; it only reads."""
