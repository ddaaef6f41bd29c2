"""Tours: somebody is shown something, at the reader's own pace.

* ``first.py``: the tour of two minutes, on a live cluster: its steps, and how each is known to be done.
* ``story.py``: what the app knows of the scenario that it plays: whether it waits at captions, its end, its verdict.
* ``guide.py``: runs both beside the app; the caption bar says what it has to say.
* ``picker.py``: the list of lessons on a terminal.
* ``progress.py``: what has been done already, kept in a small file.
"""
