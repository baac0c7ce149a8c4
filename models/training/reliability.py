"""A reliability diagram: of the pairs that were given a probability, which share
is relevant. Written as SVG by hand, so that it needs no library."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

BINS = 10  # of equal width
SIDE, LEFT, BOTTOM, TOP = 300, 56, 44, 16  # of the square, and of the space around it, in pixels
COLOURS = ["#1f6fb4", "#c4501b", "#3d8b3d"]


@dataclass
class Bin:
    """The pairs whose probability falls into one tenth."""
    predicted: float  # their mean probability
    found: float  # the share of them that is relevant
    weight: float
    pairs: int


def bins_of(probability: np.ndarray, relevant: np.ndarray, weights: np.ndarray) -> list[Bin]:
    """Empty bins are left out."""
    number = np.minimum((probability * BINS).astype(int), BINS - 1)
    bins = []
    for i in np.unique(number):
        inside = number == i
        weight = weights[inside].sum()
        mean = lambda values: float(values[inside] @ weights[inside] / weight)
        bins.append(Bin(mean(probability), mean(relevant), float(weight), int(inside.sum())))
    return bins


def plot(curves: dict[str, list[Bin]], path: Path) -> None:
    """One curve a name; a point a bin, its number of pairs as the point's title."""
    width, height = LEFT + SIDE + TOP, TOP + SIDE + BOTTOM
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
             'font-family="sans-serif" font-size="12">', '<rect width="100%" height="100%" fill="white"/>', *_axes()]
    for i, (name, bins) in enumerate(curves.items()):
        parts += _curve(name, bins, COLOURS[i], TOP + 18 + 18 * i)
    path.write_text("\n".join([*parts, "</svg>"]) + "\n", encoding="utf-8")


def _at(x: float, y: float) -> tuple[str, str]:
    return f"{LEFT + SIDE * x:.1f}", f"{TOP + SIDE * (1 - y):.1f}"


def _text(x: float, y: float, text: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}" {more}>{text}</text>'


def _axes() -> list[str]:
    (x0, y0), (x1, y1) = _at(0, 0), _at(1, 1)
    parts = [f'<path d="M{x0} {y1}V{y0}H{x1}" fill="none" stroke="black"/>',
             f'<path d="M{x0} {y0}L{x1} {y1}" stroke="#aaa" stroke-dasharray="4"/>']
    for tick in (0, 0.25, 0.5, 0.75, 1):
        x, y = _at(tick, tick)
        parts += [_text(x, TOP + SIDE + 18, f"{tick:g}", 'text-anchor="middle"'),
                  _text(LEFT - 6, float(y) + 4, f"{tick:g}", 'text-anchor="end"')]
    middle = TOP + SIDE / 2
    return [*parts, _text(LEFT + SIDE / 2, TOP + SIDE + 38, "probability given", 'text-anchor="middle"'),
            _text(14, middle, "share relevant", f'text-anchor="middle" transform="rotate(-90 14 {middle})"')]


def _curve(name: str, bins: list[Bin], colour: str, legend_y: float) -> list[str]:
    points = [_at(b.predicted, b.found) for b in bins]
    path = "L".join(f"{x} {y}" for x, y in points)
    return [f'<path d="M{path}" fill="none" stroke="{colour}"/>',
            *(f'<circle cx="{x}" cy="{y}" r="4" fill="{colour}"><title>{name}: {b.pairs} pairs</title></circle>'
              for (x, y), b in zip(points, bins)),
            _text(LEFT + 12, legend_y, name, f'fill="{colour}"')]
