"""What becomes of Services and of configuration when MetalLB is another version than before (``--upgrade-from VERSION``)."""
