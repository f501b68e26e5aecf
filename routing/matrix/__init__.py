"""Travel costs on any weighted digraph by a customizable contraction hierarchy (CCH).

``order`` ranks the nodes once per graph, ``topology`` adds the shortcuts that contracting them needs (``fill`` finds
which), ``customize`` turns one weight vector into a :class:`~routing.matrix.customize.Metric`. ``table`` answers
many to many (``reach``, ``sweep`` and ``write`` are its steps), ``path`` one to one with the arcs. Nothing of that
knows what a street is. ``nearest`` finds the line nearest to a point.

Source: Dibbelt, Strasser, Wagner, "Customizable Contraction Hierarchies", ACM JEA 21 (2016).
"""
