"""What a thousand Services, and failover after failover, do to MetalLB: recorded and judged by nobody (``--level scale``)."""
