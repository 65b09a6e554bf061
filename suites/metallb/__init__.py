"""What MetalLB promises."""
