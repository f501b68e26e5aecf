"""The words of French addresses: how streets are abbreviated, and what says nothing about where a house is."""

from __future__ import annotations

KINDS: dict[str, tuple[str, ...]] = {
    "rue": ("r", "ru"),
    "avenue": ("av", "ave", "aven", "avn", "avenu"),
    "boulevard": ("bd", "bld", "blvd", "bvd", "boul", "boulv", "bvrd"),
    "allee": ("all", "al", "allees", "alle"),
    "impasse": ("imp", "impase"),
    "place": ("pl", "plce"),
    "chemin": ("che", "chem", "ch", "chm", "cheminement"),
    "route": ("rte", "rt"),
    "square": ("sq", "sqr", "squ"),
    "quai": ("q", "qu"),
    "cours": ("crs", "cour"),
    "passage": ("pas", "pass", "psg", "pge"),
    "faubourg": ("fg", "fbg", "faub"),
    "lotissement": ("lot", "lotiss"),
    "residence": ("res", "resid"),
    "esplanade": ("esp", "espl"),
    "promenade": ("prom",),
    "ruelle": ("rle", "ruel"),
    "venelle": ("ven", "vnl", "venel"),
    "sentier": ("sen", "sent", "sente"),
    "montee": ("mte", "mtee"),
    "traverse": ("tra", "trav"),
    "villa": ("vla",),
    "cite": ("cte",),
    "hameau": ("ham",),
    "domaine": ("dom",),
    "rond point": ("rpt", "rdpt"),
    "mail": (),
    "clos": (),
    "voie": (),
    "levee": (),
    "parvis": (),
    "cale": (),
    "grande rue": (),
    "rampe": (),
    "chaussee": ("chs",),
    "zone": ("za", "zi", "zac"),
    "lieu dit": ("ld",),
}
"""Kinds of street, and what they are shortened to."""

KIND_OF = {word: kind for kind, words in KINDS.items() for word in (kind, *words)}

TITLES = {
    "st": "saint",
    "ste": "sainte",
    "sts": "saints",
    "gal": "general",
    "gnl": "general",
    "gen": "general",
    "mal": "marechal",
    "mar": "marechal",
    "mchal": "marechal",
    "cdt": "commandant",
    "cmdt": "commandant",
    "cap": "capitaine",
    "cne": "capitaine",
    "col": "colonel",
    "lt": "lieutenant",
    "dr": "docteur",
    "doct": "docteur",
    "pr": "professeur",
    "prof": "professeur",
    "pdt": "president",
    "pres": "president",
    "mgr": "monseigneur",
    "fr": "freres",
    "nd": "notre dame",
    "gd": "grand",
    "gde": "grande",
    "pt": "petit",
    "pte": "petite",
    "vx": "vieux",
    "1er": "premier",
}
"""Words inside a street's or a town's name."""

ARTICLES = frozenset(("de", "du", "des", "d", "la", "le", "les", "l", "a", "au", "aux", "et", "en"))

MONTHS = frozenset(
    ("janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout")
    + ("septembre", "octobre", "novembre", "decembre")
)
NUMBERED_ROADS = frozenset(("rd", "rn", "cd", "cr", "vc", "n", "d", "departementale", "nationale", "voie", "zone"))
"""After these a number belongs to the street's name."""

REPS = {"b": "bis", "t": "ter", "q": "quater", "bis": "bis", "ter": "ter", "quater": "quater", "quinquies": "quinquies"}
