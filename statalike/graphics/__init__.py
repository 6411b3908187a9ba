"""Graphs: what is drawn as plain data, and its rendering with matplotlib.

matplotlib is imported when a graph is rendered and not before.
"""
