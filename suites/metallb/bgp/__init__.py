"""What routers learn from MetalLB by BGP, in each of its modes."""
