"""What routers learn from MetalLB by BGP, in its native mode."""
