"""The library behind the fixtures. Layers, from top to bottom: plugin; report, systems; probes, cluster; model."""
