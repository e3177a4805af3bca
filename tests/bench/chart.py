#!/usr/bin/env python3
"""A chart of ours beside the reference server, as SVG.

    tests/bench/chart.py REPORT.json [OUT.svg]

REPORT.json is what run.py --json wrote (the part "reference"). One panel a
figure; both axes are logarithmic. Times are processor times, which other
programs on the machine do not change much; the start is time on the clock."""
import json
import math
import sys

PANELS = (("load", "load, in batches of 100", "ms"),
          ("read_graph after a write", "read_graph after a write", "ms"),
          ("search_nodes", "search_nodes", "ms"),
          ("create of one", "create_entities of one", "ms"),
          ("memory", "memory", "MB"))
SIDES = (("ours", "Enhanced Memory", "#1b6ca8"),
         ("reference", "reference server", "#c2571a"))
WIDTH, HEIGHT, GAP, TOP = 250, 190, 46, 64
INK, FAINT = "#444", "#ddd"


def value(row, side, unit):
    return row.get(f"{side}_MB" if unit == "MB" else f"{side}_cpu_ms")


def decades(values):
    low, high = min(values), max(values)
    first = math.floor(math.log10(max(low, 1e-3)))
    last = math.ceil(math.log10(max(high, 1e-3)))
    return first, max(last, first + 1)


def number(v):
    return f"{v:,.0f}" if v >= 10 else f"{v:.1f}" if v >= 1 else f"{v:.2g}"


def panel(rows, title, unit, left, top, out):
    rows = sorted((r for r in rows if value(r, "ours", unit) is not None),
                  key=lambda r: r["entities"])
    if len(rows) < 2:
        return
    sizes = [r["entities"] for r in rows]
    x0, x1 = math.log10(sizes[0]), math.log10(sizes[-1])
    y0, y1 = decades([value(r, s, unit) for r in rows for s, *_ in SIDES])

    def x(n):
        return left + (math.log10(n) - x0) / (x1 - x0) * WIDTH

    def y(v):
        return top + HEIGHT - (math.log10(v) - y0) / (y1 - y0) * HEIGHT

    out.append(f'<text x="{left}" y="{top - 12}" font-weight="bold">{title}, '
               f'{unit}</text>')
    for d in range(y0, y1 + 1):
        out.append(f'<line x1="{left}" x2="{left + WIDTH}" y1="{y(10 ** d):.1f}"'
                   f' y2="{y(10 ** d):.1f}" stroke="{FAINT}"/>'
                   f'<text x="{left - 6}" y="{y(10 ** d) + 4:.1f}" '
                   f'text-anchor="end">{number(10.0 ** d)}</text>')
    for n in sizes:
        out.append(f'<text x="{x(n):.1f}" y="{top + HEIGHT + 16}" '
                   f'text-anchor="middle">{n:,}</text>')
    for side, _, colour in SIDES:
        points = [(x(r["entities"]), y(value(r, side, unit)),
                   value(r, side, unit)) for r in rows]
        line = " ".join(f"{a:.1f},{c:.1f}" for a, c, _ in points)
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" '
                   'stroke-width="2"/>')
        out += [f'<circle cx="{a:.1f}" cy="{c:.1f}" r="3" fill="{colour}">'
                f'<title>{number(v)} {unit}</title></circle>'
                for a, c, v in points]
        a, c, v = points[-1]
        out.append(f'<text x="{a:.1f}" y="{c - 7:.1f}" text-anchor="end" '
                   f'fill="{colour}">{number(v)}</text>')


def chart(report):
    rows = report["comparison"]
    out, columns = [], 3
    for i, (what, title, unit) in enumerate(PANELS):
        panel([r for r in rows if r["what"] == what], title, unit,
              GAP + (i % columns) * (WIDTH + GAP + 10),
              TOP + (i // columns) * (HEIGHT + TOP), out)
    left = GAP + 2 * (WIDTH + GAP + 10)
    top = TOP + HEIGHT + TOP
    for i, (side, name, colour) in enumerate(SIDES):
        start = next((r[f"{side}_ms"] for r in rows if r["what"] == "start"),
                     None)
        more = f": first answer after {start:.0f} ms" if start else ""
        out.append(f'<rect x="{left}" y="{top + 24 * i}" width="12" '
                   f'height="12" fill="{colour}"/><text x="{left + 20}" '
                   f'y="{top + 24 * i + 11}">{name}{more}</text>')
    for i, text in enumerate((
            "Processor time of all processes of a side,",
            "by number of entities; both axes logarithmic.",
            "An entity has two observations and a relation.")):
        out.append(f'<text x="{left}" y="{top + 74 + 18 * i}">{text}</text>')
    width = GAP + columns * (WIDTH + GAP + 10)
    height = 2 * (HEIGHT + TOP) + 24
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
            f'height="{height}" viewBox="0 0 {width} {height}" '
            f'font-family="sans-serif" font-size="12" fill="{INK}">\n'
            f'<rect width="{width}" height="{height}" fill="#fff"/>\n' +
            "\n".join(out) + "\n</svg>\n")


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        text = chart(json.load(f))
    if len(sys.argv) > 2:
        with open(sys.argv[2], "w", encoding="utf-8") as f:
            f.write(text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
