"""What thousands of routes do to an ingress controller: recorded and judged by nobody (``--level scale``)."""
