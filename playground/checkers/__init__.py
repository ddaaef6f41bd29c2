"""Judges that look only at the history: what clients asked, what they were told, and when.

They know nothing of the system they judge; one a file.

==================  ==========================================================
:mod:`.history`     operations with invocation and completion in virtual time
:mod:`.staleness`   reads that missed a write acknowledged before they began
==================  ==========================================================
"""
