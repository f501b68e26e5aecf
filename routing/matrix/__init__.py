"""Travel costs on any weighted digraph by a customizable contraction hierarchy (CCH).

``order`` ranks the nodes once per graph, ``topology`` fills the graph up to a chordal one and finds its elimination
tree, ``customize`` turns one weight vector into a :class:`~routing.matrix.customize.Metric`, ``table`` answers many to
many, ``path`` one to one with the arcs. Nothing here knows what a street is.

Source: Dibbelt, Strasser, Wagner, "Customizable Contraction Hierarchies", ACM JEA 21 (2016).
"""
