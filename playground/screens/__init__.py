"""The Textual app: composes the widgets, turns keys into Commands, and sees only Frames.

Where is what:

* ``keys.py``: the one registry of keys; footer, help, palette and README table come from it.
* ``acts.py``: what each key does; ``orders.py``: which Command it sends, or why it can't.
* ``layout.py``: which panel stands where at which size; ``stage.py`` puts them there.
* ``bars.py``, ``header.py``, ``footer.py``: the lines above and below the panels.
* ``prompt.py``: the ``:`` and ``/`` line; ``helping.py``: ``?``; ``finder.py``: ctrl+p.
* ``app.py`` only composes; ``run.py`` looks after the terminal.
* ``cast.py`` films the app without a terminal; ``asciicast.py`` is the file that comes of it.
"""
