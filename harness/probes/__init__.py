"""How the suite looks at the systems under test from outside: HTTP, frames on the wire, and waiting for either."""
