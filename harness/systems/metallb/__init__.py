"""MetalLB: installed, configured, and asked what it does."""
