"""What becomes of addresses when pools change and when MetalLB's controller comes and goes."""
