"""Who answers for an address on the wire."""
