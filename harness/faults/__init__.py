"""Seeded faults: a system under test is made wrong on purpose, and the statements have to say so."""
