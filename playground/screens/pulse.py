"""Whether the terminal keeps up, told by its answers.

Between the app and the eyes of a person there may be more buffers than this process can see: of the kernel, of ssh, of
a multiplexer. So a question follows each picture (whether the terminal knows synchronized output, which it leaves as
it is), and the answer says that all before it has been read. Rules:

* While the terminal answers promptly, pictures go out at their pace, however many are under way: a long line is no
  slow one.
* If it does not, each picture waits until all earlier ones have been answered for.
* An answer may get lost: after the time that a slow line needs, nobody waits for it any more.
* A terminal that has never answered is asked nothing; then only what it does not take from this process counts.
"""

from __future__ import annotations

from collections import deque

QUESTION = "\x1b[?2026$p"
"""DECRQM for mode 2026; the answer is ``CSI ? 2026 ; n $ y``."""
PROMPT_S = 0.5
"""An answer within this time shows that nothing piles up."""
LOST_S = 1.0
SLOWEST_BYTES_PER_S = 4_000
"""After LOST_S, and the time that the bytes under way take at this rate, no answer is expected any more."""


class Pulse:
    """The questions of one terminal that are open. Times in seconds, of any steady clock."""

    def __init__(self) -> None:
        self.answers = False
        """It has answered once."""
        self._open: deque[tuple[float, int]] = deque()
        self._slow = False

    def asked(self, now_s: float, size_bytes: int) -> None:
        """A question went out, after a picture of that size."""
        self._open.append((now_s, size_bytes))

    def answered(self, now_s: float) -> None:
        self.answers = True
        if self._open:
            asked_s, _ = self._open.popleft()
            self._slow = now_s - asked_s > PROMPT_S

    def forget(self) -> None:
        """The terminal starts anew: what was asked before gets no answer."""
        self._open.clear()
        self._slow = False

    def ready(self, now_s: float) -> bool:
        """Whether a further picture may go out."""
        if not self._open:
            return True
        age_s = now_s - self._open[0][0]
        if age_s > LOST_S + sum(size for _, size in self._open) / SLOWEST_BYTES_PER_S:
            self._open.clear()
            return True
        return not self._slow and age_s < PROMPT_S
