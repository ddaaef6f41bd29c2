"""The Textual app: composes the widgets, turns keys into Commands, and sees only Frames.

Where is what:

* ``keys.py``: the one registry of keys; footer, help, palette and README table come from it.
* ``acts.py``: what each key does; ``orders.py``: which Command it sends, or why it can't.
* ``layout.py``: which panel stands where at which size; ``stage.py`` puts them there.
* ``bars.py``, ``header.py``, ``footer.py``: the lines above and below the panels.
* ``prompt.py``: the ``:`` and ``/`` line; ``finder.py``: ctrl+p.
* ``helping.py``: ``?``; its words are in ``explaining.py`` (what a panel shows) and ``marking.py`` (marks and keys).
* ``tour/``: lessons, and the tour of two minutes; ``notices.py``, ``hints.py``: the line that says what came of an act.
* ``app.py`` only composes; ``run.py`` looks after the terminal.
* ``cast.py`` films the app without a terminal; ``asciicast.py`` is the file that comes of it.
"""
