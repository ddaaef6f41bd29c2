"""How an HTML hand-out looks: the colours of the palette as variables, in its light and its dark theme.

The reader's system says which (prefers-color-scheme). Paper is always light. Nothing is loaded from anywhere: fonts
are those of the system.
"""

from __future__ import annotations

from collections.abc import Iterable
from string import Template

from widgets.palette import Ground, Look, Theme, hex_of
from widgets.shapes import Tone

_GROUNDS = (Ground.BACKGROUND, Ground.RAISED, Ground.BORDER, Ground.TRACK, Ground.TEXT)
_SHEET = Template("""
:root { color-scheme: light dark; $light }
@media (prefers-color-scheme: dark) { :root { $dark } }
@media print { :root { $light } body { font-size: 12px } figure, tr, .chapter { break-inside: avoid } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 2rem 1.2rem 3rem; max-width: 66rem; background: var(--background); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 1rem }
h2 { font-size: 1.25rem; margin: 2.4rem 0 .7rem; padding-top: .6rem; border-top: 1px solid var(--border) }
h3 { font-size: 1.05rem; margin: 1.6rem 0 .5rem }
h4, h5 { font-size: .95rem; margin: 1.2rem 0 .3rem }
p { max-width: 46rem; margin: .6rem 0 }
code, pre, time, .digest { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: .92em }
pre { background: var(--raised); border: 1px solid var(--border); border-radius: 4px; padding: .6rem .8rem;
  overflow-x: auto }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; margin: .8rem 0 }
dt { color: var(--muted) }
dd { margin: 0; overflow-wrap: anywhere }
.scroll { overflow-x: auto }
table { border-collapse: collapse; margin: .7rem 0; font-size: .93em }
th, td { text-align: left; vertical-align: top; padding: .22rem 1rem .22rem 0; border-bottom: 1px solid var(--border) }
th { color: var(--muted); font-weight: 600 }
th.right, td.right { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
caption { text-align: left; font-weight: 600; padding: .4rem 0 }
figure { margin: 1.1rem 0 1.5rem }
figcaption { color: var(--muted); font-size: .87em; max-width: 60rem }
figcaption b { color: var(--text); font-size: 1.08em }
svg { display: block; width: 100%; min-width: 40rem; height: auto; margin: .2rem 0; color: var(--text) }
svg text { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: var(--text) }
svg .tick { fill: var(--muted); font-size: 11px }
svg .axis { stroke: var(--muted) }
svg .grid { stroke: var(--border); stroke-width: .7 }
svg .shade { fill: var(--bad); opacity: .09 }
svg .act { stroke: var(--accent); stroke-dasharray: 3 3; opacity: .7 }
svg .bar { fill: var(--bad); opacity: .8 }
svg .measure { fill: var(--accent) }
svg .curve { fill: none; stroke-width: 1.8; stroke-linejoin: round }
svg .point { stroke-width: 1.6; stroke-linejoin: round }
svg .number { fill: var(--raised); stroke: var(--muted) }
svg .numeral { font-size: 10.5px }
$tones
svg .point.bad { fill: none }
svg .flag { fill: var(--accent); stroke: var(--accent) }
.bad { color: var(--bad) } .warn { color: var(--warn) } .good { color: var(--good) } .accent { color: var(--accent) }
.muted { color: var(--muted) }
p.verdict { font-weight: 600; font-size: 1.06em }
.story td { border: 0; padding-top: .05rem; padding-bottom: .05rem }
.story td:first-child { color: var(--muted); white-space: nowrap; text-align: right; min-width: 6rem }
.story td:nth-child(2) { width: 1.2rem; padding-right: .5rem }
.story td:nth-child(3) { white-space: nowrap; font-weight: 600; min-width: 5rem }
.chapter h3 time, .chapter h4 time { color: var(--muted); font-weight: 400; margin-right: .5rem }
.badge { display: inline-block; min-width: 1.5em; text-align: center; border: 1px solid var(--muted);
  border-radius: 1em; font-size: .8em; font-weight: 400; margin-right: .5rem; background: var(--raised) }
footer { margin-top: 3rem; padding-top: .6rem; border-top: 1px solid var(--border); color: var(--muted);
  font-size: .87em }
""")


def style(hues: Iterable[int]) -> str:
    """The style sheet; ``hues``: those of the machines that the page shows."""
    wanted = sorted(hues)
    tones = " ".join(
        f"svg .{tone.value} {{ stroke: var(--{tone.value}); fill: var(--{tone.value}) }}"
        for tone in Tone
        if tone is not Tone.PLAIN
    )
    tones += "\nsvg .plain { stroke: var(--text); fill: var(--text) }\nsvg .curve { fill: none }"
    return _SHEET.substitute(light=_variables(Theme.LIGHT, wanted), dark=_variables(Theme.DARK, wanted), tones=tones)


def _variables(theme: Theme, hues: Iterable[int]) -> str:
    look = Look(theme=theme)
    colors = {ground.value: look.ground(ground) for ground in _GROUNDS}
    colors |= {tone.value: look.tone(tone) for tone in Tone if tone is not Tone.PLAIN}
    colors |= {f"hue-{hue}": look.hue(hue) for hue in hues}
    return " ".join(f"--{name}: {hex_of(color)};" for name, color in colors.items())
