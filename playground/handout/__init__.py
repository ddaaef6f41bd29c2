"""What came of scenarios, as something to hand out: a report in Markdown, or in HTML that needs nothing beside it.

==================  ============================================================================
:mod:`.compose`     which sections there are, in which order
:mod:`.head`        what was run, on what, how to run it again, how it went
:mod:`.course`      timeline, curves and story of a run
:mod:`.judged`      what was expected and what was measured, as tables
:mod:`.content`     the blocks that all this is said in
:mod:`.reading`     curves in words
:mod:`.markdown`    as Markdown
:mod:`.html`        as HTML; :mod:`.style` its colours, :mod:`.markup` its elements
:mod:`.timeline`    the timeline as a picture, :mod:`.charts` the curves; :mod:`.axes` what they share
:mod:`.file`        into a file
==================  ============================================================================

Composers know scenarios and nothing of forms; writers know blocks and nothing of scenarios.
"""
