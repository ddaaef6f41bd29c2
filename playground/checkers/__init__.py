"""Judges that look only at the history: what clients asked, what they were told, and when.

They know nothing of the system they judge; one a file.

======================  ==========================================================
:mod:`.history`         operations with invocation and completion in virtual time
:mod:`.staleness`       reads that missed a write acknowledged before they began
:mod:`.bounded`         by how much
:mod:`.sessions`        clients that did not find their own writes, or went back in time
:mod:`.live`            linearizability of a running cluster
:mod:`.linearizability` linearizability of a whole history, and what breaks it
:mod:`.leaders`         two leaders of one term
:mod:`.order`           records of a log out of order
:mod:`.effects`         effects that happened twice, or not at all
======================  ==========================================================

Behind linearizability: :mod:`.calls` and :mod:`.models` say what is judged, :mod:`.search` and :mod:`.shrinking`
how, :mod:`.timeline` draws it, :mod:`.jepsen` and :mod:`.edn` read what Jepsen recorded, and :mod:`.checking` is
``playground check``.
"""
