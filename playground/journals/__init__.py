"""Everything that happened in a run, in a file, and where two runs part.

======================  =============================================================================
:mod:`.file`            a journal: written while it happens, read as a stream
:mod:`.words`           a line of it as a person says it
:mod:`.difference`      the first line at which two journals part: ``playground diff``
======================  =============================================================================
"""
