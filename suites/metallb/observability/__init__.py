"""What MetalLB tells of itself: metrics, counters, events."""
