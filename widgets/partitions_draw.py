"""The lines of a picture of partitions: groups, titles, logs and who reads them."""

from __future__ import annotations

from dataclasses import replace

from rich.style import Style
from textual.strip import Strip

from widgets.canvas import Picture, Piece, Spot, fit, line, shorten, width_of
from widgets.palette import SELECTION, Look
from widgets.partitions_bar import draw_bar, draw_lags
from widgets.partitions_layout import Lines, columns
from widgets.series import nice_top
from widgets.shapes import Group, Item, Partition, Partitions, Picked, Progress, Replica, State, Tone

Reading = tuple[Partition, Progress | None, bool, bool]
Drawn = tuple[list[Strip], list[Spot]]


class Kept:
    """The lines of the last picture: most of them are the same in the next one. ``fits``: what else they depend on."""

    def __init__(self) -> None:
        self.fits: object = None
        self.lines: dict[Reading, Drawn] = {}


class Drawing:
    """One picture of partitions: the lines so far, and what on them can be clicked."""

    def __init__(
        self,
        shape: Partitions,
        places: Lines,
        width: int,
        look: Look,
        selected: str | None,
        marked: frozenset[str],
        picked: Picked,
        kept: Kept,
    ) -> None:
        self.shape = shape
        self.width = width
        self.look = look
        self.selected = selected
        self.marked = marked
        self.picked = picked
        self.by_item = any(row.item in picked.items for row in (*shape.rows, *shape.folded))
        """Something is selected that stands here: lines light up for it, not for the selected machine."""
        self.double = places.double
        # Nice numbers: the scale must not tremble when the largest lag does.
        self.span = int(nice_top(max(1, shape.span)))
        self.lag_top = nice_top(shape.lag_top)
        self.columns = columns(places.rows, width, places.double)
        self.strips: list[Strip] = []
        self.spots: list[Spot] = []
        self._pieces: list[Piece] = []
        self._used = 0
        fits = (width, look, selected, marked, picked.items, self.double, self.columns, self.span, self.lag_top)
        self._known = kept.lines if kept.fits == fits else {}
        kept.fits, kept.lines = fits, {}
        self._kept = kept
        self._grounds = (look.style(), look.style(bg=look.ground(SELECTION)))
        self._fill = self._grounds[False]

    # --- pieces of a line -----------------------------------------------------------

    def put(self, text: str, style: Style, name: str = "", item: Item | None = None) -> None:
        """Go on with the line; a click on it means ``name`` and ``item``."""
        if text[:1] == " ":
            # Blanks apart: exported as SVG, text that begins with them would move.
            bare = text.lstrip(" ")
            self.gap(len(text) - len(bare))
            text = bare
        size = width_of(text)
        if size and (name or item) and self._used < self.width:
            self.spots.append(Spot(len(self.strips), self._used, min(self.width, self._used + size), name, item))
        self._pieces.append((text, style))
        self._used += size

    def put_all(self, pieces: list[Piece]) -> None:
        for text, style in pieces:
            self.put(text, style)

    def gap(self, cells: int = 1) -> None:
        """Blanks on the line's ground."""
        if cells > 0:
            self._pieces.append((" " * cells, self._fill))
            self._used += cells

    def end_line(self) -> None:
        self.strips.append(line(self._pieces, self.width, self._fill))
        self._pieces, self._used, self._fill = [], 0, self._grounds[False]

    def begin_line(self, lit: bool) -> None:
        self._fill = self._grounds[lit]

    def text(self, tone: Tone, lit: bool, *, bold: bool = False) -> Style:
        return self.look.text_style(tone, selected=lit, bold=bold)

    def named(self, name: str, hue: int | None, lit: bool) -> Style:
        """A machine's name: in its colour; lit wherever it is selected, underlined where it is marked."""
        look = self.look
        ground = look.ground(SELECTION) if lit or name == self.selected else None
        color = look.tone(Tone.PLAIN) if hue is None else look.hue(hue)
        return look.style(color, ground, bold=True, underline=name in self.marked)

    def say(self, text: str, tone: Tone = Tone.MUTED) -> None:
        """A line of text."""
        self.put(shorten(self.look.clean(text), self.width, self.look), self.text(tone, False))
        self.end_line()

    def picture(self, height: int | None) -> Picture:
        """What was drawn, as far as it fits."""
        strips = self.strips[:height]
        return Picture(strips, [spot for spot in self.spots if spot.y < len(strips)])

    # --- lines ------------------------------------------------------------------------

    def group(self, group: Group) -> None:
        """How a group is, and its members; what doesn't fit is counted."""
        look, clean = self.look, self.look.clean
        item = Item("group", group.name)
        self.begin_line(False)
        self.put(f" {clean(group.name)} ", self.text(Tone.PLAIN, item in self.picked.items, bold=True), item=item)
        members = sum(_member_width(each.name, each.partitions, each.note) for each in group.members)
        room = self.width - self._used
        text = shorten(clean(group.text), room - min(members, room // 2), look)
        self.put(text, self.text(group.tone, False))
        left = len(group.members)
        for member in group.members:
            left -= 1
            need = _member_width(member.name, member.partitions, member.note)
            if self._used + need + (9 if left else 0) > self.width:
                more = f"  {left + 1} more" if self._used + 9 <= self.width else ""
                self.put(more, self.text(Tone.MUTED, False))
                break
            self.gap(2)
            self.put(clean(member.name), self.named(member.name, member.hue, False), member.name)
            self.put(f" {member.partitions}", self.text(Tone.PLAIN, False))
            if member.note:
                self.put(f" {clean(member.note)}", self.text(Tone.WARN, False, bold=True))
        aside = clean(group.aside)
        if aside and self._used + 2 + width_of(aside) <= self.width:
            self.gap(self.width - self._used - width_of(aside))
            self.put(aside, self.text(Tone.MUTED, False))
        self.end_line()

    def head(self) -> None:
        """The titles of the columns."""
        c, look = self.columns, self.look
        offsets = not self.double and bool(c.numbers)
        titles = (
            ("partition", c.name, False),
            ("leader", c.leader, False),
            ("in sync", c.in_sync, False),
            ("start", c.numbers if offsets else 0, True),
            ("" if self.double else "log", 0 if self.double else c.bar, False),
            ("hw", c.numbers if offsets else 0, True),
            ("end", c.numbers if offsets else 0, True),
            ("group", c.group, False),
            ("committed", c.committed, True),
            (f"in {c.spark * (2 if look.unicode else 1)} s", c.spark, False),
            ("lag", c.lag, True),
            ("owner", c.owner, False),
        )
        style = look.style(look.tone(Tone.MUTED), underline=look.colors.value == "none")
        for title, width, right in titles:
            if width:
                self.gap()
                self.put(fit(title, width, look, right), style)
        self.end_line()

    def reading(self, partition: Partition, progress: Progress | None, first: bool, cursor: bool) -> None:
        """The line (or both) of one group's way through a partition; only the first one repeats the log's figures."""
        what = (partition, progress, first, cursor)
        drawn = self._known.get(what)
        y = len(self.strips)
        if drawn is None:
            before, self.spots = self.spots, []
            self._draw(*what)
            drawn = self.strips[y:], [replace(spot, y=spot.y - y) for spot in self.spots]
            self.spots = before
        else:
            self.strips += drawn[0]
        self.spots += (Spot(spot.y + y, spot.x1, spot.x2, spot.name, spot.item) for spot in drawn[1])
        self._kept.lines[what] = drawn

    def _draw(self, partition: Partition, progress: Progress | None, first: bool, cursor: bool) -> None:
        c, look = self.columns, self.look
        owner = progress.owner if progress is not None else ""
        lit = self.selected is not None and self.selected in (partition.leader, owner)
        if self.by_item:
            lit = partition.item in self.picked.items
        start = len(self.strips)
        self.begin_line(lit)
        self._gutter(partition, first, cursor, lit)
        if first:
            bad = partition.tone is Tone.BAD or not partition.leader
            style = self.text(Tone.BAD if bad else Tone.PLAIN, lit, bold=bad)
            self.put(fit(look.clean(partition.name), c.name, look), style)
            self.gap()
            self._leader(partition, lit)
            if c.in_sync:
                self._in_sync(partition, lit)
        else:
            self.gap(c.name + 1 + c.leader + (1 + c.in_sync if c.in_sync else 0))
        if not self.double:
            self._bar(partition, progress, lit, first)
        self._progress(partition, progress, lit)
        self.end_line()
        if self.double:
            self.begin_line(lit)
            self.gap(2)
            self._bar(partition, progress, lit, first, gap=False)
            self.end_line()
        # Under the others: they were put later.
        whole = [Spot(y, 0, self.width, partition.leader, partition.item) for y in range(start, len(self.strips))]
        self.spots[:0] = whole

    def _gutter(self, partition: Partition, first: bool, cursor: bool, lit: bool) -> None:
        mark = " "
        if first:
            look = self.look
            mark = look.marked_mark if partition.leader in self.marked else look.chosen_mark if cursor else " "
        self.put(mark, self.text(Tone.ACCENT, lit, bold=True))

    def _leader(self, partition: Partition, lit: bool) -> None:
        c, look = self.columns, self.look
        if not partition.leader:
            self.put(fit("none", c.leader, look), self.text(Tone.BAD, lit, bold=True))
            return
        mark = "" if partition.leader_state is State.UP else look.mark(partition.leader_state)
        self.put(mark, look.style(look.state(partition.leader_state), look.ground(SELECTION) if lit else None))
        text = shorten(look.clean(partition.leader), c.leader - len(mark), look)
        self.put(text, self.named(partition.leader, partition.hue, lit), partition.leader)
        self.gap(c.leader - len(mark) - width_of(text))

    def _in_sync(self, partition: Partition, lit: bool) -> None:
        c, used = self.columns, 0
        self.gap()
        for place, replica in enumerate(partition.replicas):
            if place:
                self.gap()
                used += 1
            name = self.look.clean(replica.name)[: max(0, c.in_sync - used)]
            style = self._replica_style(partition, replica, lit)
            mark = self._mark(replica)
            self.put(mark, style if replica.state is State.UP else self._state_style(replica, lit))
            self.put(name, style, replica.name)
            used += len(mark) + width_of(name)
        self.gap(c.in_sync - used)

    def _mark(self, replica: Replica) -> str:
        """What stands before a replica that is not in sync, or will not be for long: why, if that can be seen."""
        if replica.state is not State.UP:
            return self.look.mark(replica.state)
        return "" if replica.in_sync else "-"

    def _state_style(self, replica: Replica, lit: bool) -> Style:
        look = self.look
        return look.style(look.state(replica.state), look.ground(SELECTION) if lit else None)

    def _replica_style(self, partition: Partition, replica: Replica, lit: bool) -> Style:
        if replica.in_sync:
            return self.named(replica.name, replica.hue, lit)
        look = self.look
        ground = look.ground(SELECTION) if lit or replica.name == self.selected else None
        bad = partition.tone is Tone.BAD
        strike = replica.state is State.UP and look.colors.value != "none"
        color = look.tone(Tone.BAD if bad else Tone.MUTED)
        return look.style(color, ground, bold=bad, strike=strike, underline=replica.name in self.marked)

    def _bar(self, partition: Partition, progress: Progress | None, lit: bool, first: bool, gap: bool = True) -> None:
        c, look = self.columns, self.look

        def number(offset: int, tone: Tone, after: str = "") -> None:
            text = f"{offset:,}" if first else ""
            self.put(fit(text, c.numbers, look, True) + after, self.text(tone, lit))

        if gap:
            self.gap()
        if c.numbers:
            number(partition.start, Tone.MUTED, " ")
        self.put_all(draw_bar(partition, progress, self.span, c.bar, look, lit=lit))
        if c.numbers:
            self.gap()
            number(partition.high_watermark, Tone.PLAIN, " ")
            behind = partition.end > partition.high_watermark
            number(partition.end, Tone.WARN if behind and partition.tone is Tone.BAD else Tone.MUTED)

    def _progress(self, partition: Partition, progress: Progress | None, lit: bool) -> None:
        c, look = self.columns, self.look
        if progress is None:
            return
        cells: list[Piece] = []
        if c.group:
            cells.append((fit(look.clean(progress.group), c.group, look), self.text(Tone.MUTED, lit)))
        if c.committed:
            text = "–" if progress.committed is None else f"{progress.committed:,}"
            cells.append((fit(look.clean(text), c.committed, look, True), self.text(Tone.PLAIN, lit)))
        if c.spark:
            tone = Tone.ACCENT if progress.tone is Tone.PLAIN else progress.tone
            cells.append((draw_lags(progress.lags, c.spark, self.lag_top, look), self.text(tone, lit)))
        if c.lag:
            style = self.text(progress.tone, lit, bold=progress.tone is not Tone.PLAIN)
            cells.append((fit(f"{progress.lag:,}", c.lag, look, True), style))
        for text, style in cells:
            self.gap()
            self.put(text, style)
        if c.owner:
            self.gap()
            if progress.owner:
                text = shorten(look.clean(progress.owner), c.owner, look)
                self.put(text, self.named(progress.owner, progress.hue, lit), progress.owner)
            else:
                self.put(fit("none", c.owner, look), self.text(Tone.WARN, lit, bold=True))

    def caption(self, text: str, legend: tuple[tuple[str, str], ...], height: int | None) -> None:
        """The bottom line: ``text``, and what the bars are made of if there is room for that, too."""
        look = self.look
        while height is not None and len(self.strips) < height - 1:
            self.end_line()
        text = shorten(look.clean(text), self.width, look)
        told = "  ".join(f"{mark} {meaning}" for mark, meaning in legend)
        blank = self.width - width_of(text) - width_of(told)
        self.put(text + (" " * blank + told if blank >= 2 else ""), self.text(Tone.MUTED, False))
        self.end_line()


def _member_width(name: str, partitions: int, note: str) -> int:
    return 2 + width_of(name) + 1 + len(str(partitions)) + (1 + width_of(note) if note else 0)
