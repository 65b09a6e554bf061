"""What the controller's admission webhook refuses."""
