"""From graphs as data to figures of matplotlib, the only place that imports it."""
