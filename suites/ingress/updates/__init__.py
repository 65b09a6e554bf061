"""Changes while requests keep coming: routes, endpoints, and the controller itself."""
