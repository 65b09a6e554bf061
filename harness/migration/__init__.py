"""What somebody's own Ingresses answer on one controller and on another, and every difference.

Each controller gets a cluster of its own with the same routes; the same requests, derived from these, are sent to both.
"""
