"""Names for an invented city's streets: each once in its commune, many again in the commune next to it."""

from __future__ import annotations

import numpy as np

from data.model.streets import RoadClass

KINDS = {
    RoadClass.PRIMARY: ("avenue", "boulevard"),
    RoadClass.SECONDARY: ("boulevard", "route", "quai", "cours"),
    RoadClass.TERTIARY: ("rue", "avenue", "route"),
    RoadClass.PEDESTRIAN: ("rue", "passage", "place"),
    RoadClass.RESIDENTIAL: ("rue", "rue", "rue", "allée", "impasse", "chemin", "square", "venelle"),
    RoadClass.LIVING_STREET: ("rue", "rue", "ruelle", "place"),
}
COMMON = (
    "de la Mairie", "de l'Église", "du Moulin", "des Écoles", "de la Gare", "du Stade", "de la Fontaine", "du Lavoir",
    "du 8 Mai 1945", "du 11 Novembre 1918", "du 14 Juillet", "de la République", "de la Liberté", "de la Paix",
    "du Général de Gaulle", "du Maréchal Foch", "du Docteur Roux", "Saint-Martin", "Sainte-Anne", "Saint-Nicolas",
    "de l'Abbé Grégoire", "du Commandant Rivière", "du Président Wilson", "de Notre-Dame", "des Frères Lumière",
    "de la Croix Blanche", "du Pont Neuf", "du Vieux Pont", "du Port", "des Tanneurs", "des Mariniers", "de la Levée",
    "du Champ de Foire", "des Quatre Vents", "de la Haute Borne", "du Bois Joli", "des Trois Moulins", "de l'Aubépine",
)  # fmt: skip
NOUNS = (
    "Acacias", "Ajoncs", "Alouettes", "Aulnes", "Azalées", "Bateliers", "Bergeronnettes", "Bleuets", "Bouleaux",
    "Bruyères", "Capucines", "Cerisiers", "Charmes", "Châtaigniers", "Chênes", "Clématites", "Coquelicots",
    "Cordeliers", "Cordiers", "Coteaux", "Cyprès", "Drapiers", "Églantines", "Érables", "Fauvettes", "Figuiers",
    "Forgerons", "Fougères", "Frênes", "Fusains", "Genêts", "Glaïeuls", "Grives", "Hérons", "Hêtres", "Hirondelles",
    "Hortensias", "Iris", "Jacinthes", "Jonquilles", "Lauriers", "Lavandières", "Lilas", "Magnolias", "Marguerites",
    "Marronniers", "Merisiers", "Merles", "Mésanges", "Mimosas", "Mûriers", "Myosotis", "Noisetiers", "Noyers",
    "Œillets", "Oliviers", "Ormes", "Osiers", "Pêcheurs", "Peupliers", "Pinsons", "Pivoines", "Platanes", "Poiriers",
    "Pommiers", "Potiers", "Primevères", "Prunelliers", "Rossignols", "Roses", "Sabotiers", "Saules", "Sorbiers",
    "Tilleuls", "Tisserands", "Tonneliers", "Tulipes", "Vanniers", "Vignes", "Violettes",
)  # fmt: skip
FIRST = (
    "Adèle", "Aimé", "Albert", "Alexandre", "Alice", "Ambroise", "Anatole", "André", "Antoine", "Auguste", "Béatrice",
    "Blanche", "Camille", "Cécile", "Charles", "Claude", "Clémence", "Denis", "Édouard", "Élise", "Émile", "Étienne",
    "Eugène", "Félix", "Fernand", "François", "Gabriel", "Gaston", "Georges", "Germaine", "Gustave", "Hélène", "Henri",
    "Hippolyte", "Irène", "Jacques", "Jean", "Jean-Baptiste", "Jeanne", "Joseph", "Jules", "Léon", "Louis", "Louise",
    "Lucien", "Madeleine", "Marcel", "Marguerite", "Marie", "Mathilde", "Maurice", "Nicolas", "Paul", "Pauline",
    "Pierre", "Raymond", "René", "Robert", "Simone", "Suzanne", "Théophile", "Valentine", "Victor", "Yvonne",
)  # fmt: skip
HEADS = (
    "Au", "Bar", "Beau", "Bel", "Bour", "Char", "Cor", "Del", "Du", "Fer", "Gar", "Gau", "Lam", "Mar", "Mou", "Per",
    "Ros", "Tal", "Val", "Ver",
)  # fmt: skip
MIDDLES = ("ba", "che", "do", "gue", "li", "man", "no", "ri", "ta", "vi")
TAILS = ("chet", "dier", "doux", "lard", "let", "mont", "neau", "quet", "rand", "reau", "sier", "ville")


def street_names(rng: np.random.Generator, road_classes: list[RoadClass]) -> list[str]:
    """Return a name for each street of one commune, such as ``rue des Tanneurs``, none of them twice.

    Parameters
    ----------
    road_classes : list of RoadClass
        Of each street, the first to be named first: those get what every commune has.
    """
    taken: set[str] = set()
    names = []
    for rank, road_class in enumerate(road_classes):
        name = _draw(rng, rank, road_class)
        while name in taken:
            name = _draw(rng, rank + len(COMMON), road_class)
        taken.add(name)
        names.append(name)
    return names


def _draw(rng: np.random.Generator, rank: int, road_class: RoadClass) -> str:
    kinds = KINDS.get(road_class, ("rue",))
    kind = kinds[int(rng.integers(len(kinds)))]
    if rank < len(COMMON) and rng.random() < 0.8:
        return f"{kind} {COMMON[int(rng.integers(len(COMMON)))]}"
    if rng.random() < 0.3:
        return f"{kind} des {NOUNS[int(rng.integers(len(NOUNS)))]}"
    parts = (HEADS, MIDDLES, TAILS) if rng.random() < 0.5 else (HEADS, TAILS)
    surname = "".join(part[int(rng.integers(len(part)))] for part in parts)
    return f"{kind} {FIRST[int(rng.integers(len(FIRST)))]} {surname}"
