"""What the annotations, the defaults and the webhook of ingress-nginx promise beside the specification."""
