"""Plots as inline SVG: no image files, no script, no dependency. Colours are the page's."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 360.0, 120.0


@dataclass(frozen=True, slots=True)
class Point:
    """A value with what is shown when the pointer rests on it."""

    value: float
    title: str


def paired_bars(names: Sequence[str], expected: Sequence[int], observed: Sequence[int]) -> str:
    """Return two bars for each bin: the share in training and the share now."""
    shares = [_shares(expected), _shares(observed)]
    top = max((*shares[0], *shares[1]), default=0) or 1
    step = WIDTH / max(len(names), 1)
    bars = [
        _bar(
            x=index * step + side * step * 0.42,
            width=step * 0.4,
            height=HEIGHT * share / top,
            style=style,
            title=f"{name}: {share:.1%} {when}",
        )
        for side, (style, when) in enumerate((("then", "in training"), ("now", "now")))
        for index, (name, share) in enumerate(zip(names, shares[side], strict=True))
    ]
    label = "Shares of rows per bin, in training and now"
    return _svg(label, bars)


def line(points: Sequence[Point], expected: float) -> str:
    """Return values in their order, and a dashed line at what training promised."""
    values = [*(point.value for point in points), expected]
    low, high = min(values), max(values)
    room = (high - low) * 0.15 or abs(high) * 0.1 or 1.0
    low, high = low - room, high + room

    def y(value: float) -> float:
        return HEIGHT * (1 - (value - low) / (high - low))

    step = WIDTH / max(len(points) - 1, 1)
    path = " ".join(
        f"{index * step:.1f},{y(point.value):.1f}" for index, point in enumerate(points)
    )
    dots = [
        f'<circle class="now" cx="{index * step:.1f}" cy="{y(point.value):.1f}" r="3.5">'
        f"<title>{escape(point.title)}</title></circle>"
        for index, point in enumerate(points)
    ]
    level = f"{y(expected):.1f}"
    return _svg(
        "The metric over time; dashed: on held-out rows",
        [
            f'<line class="then" x1="0" x2="{WIDTH:.0f}" y1="{level}" y2="{level}"/>',
            f'<polyline class="now" points="{path}"/>',
            *dots,
        ],
    )


def meter(value: float, limit: float) -> str:
    """Return a bar that is full at twice `limit`, with a tick at the limit."""
    width = 100 * min(value / (2 * limit), 1) if limit else 0
    style = "beyond" if value > limit else "now"
    return (
        '<svg class="meter" viewBox="0 0 100 8" role="img" preserveAspectRatio="none">'
        f"<title>{value:.3f}, limit {limit:.3f}</title>"
        f'<rect class="{style}" width="{width:.1f}" height="8"/>'
        '<line class="limit" x1="50" x2="50" y1="0" y2="8"/></svg>'
    )


def _svg(label: str, shapes: Sequence[str]) -> str:
    # A margin keeps dots and lines at the rim whole.
    box = f"-6 -6 {WIDTH + 12:.0f} {HEIGHT + 12:.0f}"
    return (
        f'<svg class="plot" viewBox="{box}" role="img" aria-label="{escape(label)}">'
        f"{''.join(shapes)}</svg>"
    )


def _bar(x: float, width: float, height: float, style: str, title: str) -> str:
    return (
        f'<rect class="{style}" x="{x:.1f}" y="{HEIGHT - height:.1f}" width="{width:.1f}"'
        f' height="{height:.1f}"><title>{escape(title)}</title></rect>'
    )


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) or 1
    return [count / total for count in counts]
