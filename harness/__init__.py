"""The library behind the fixtures. Layers, from top to bottom: plugin; catalogue, report, systems; probes, cluster; model."""
