"""Which configuration MetalLB accepts, and what it says about the one in force."""
