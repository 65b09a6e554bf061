"""The example project as it is installed: MetalLB, the controller, the applications, and what the VIP exposes."""
