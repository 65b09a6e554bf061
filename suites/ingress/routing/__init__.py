"""Which request reaches which backend: by host, by path, by class, and where no rule matches."""
