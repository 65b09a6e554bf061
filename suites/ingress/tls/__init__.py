"""Certificates, versions of TLS, HTTP/2."""
