"""Graphs: their commands read specifications and data, and hand plain graphs to the renderer."""
