"""The virtual world: time, order, messages, disks. It knows no system and no screen.

======================  =====================================================
:mod:`.world`           the heap of events and the run loop
:mod:`.scheduling`      trio, made to run tasks in one order
:mod:`.node`            nodes, their processes, and the services that run there
:mod:`.service`         what a simulated system is written in
:mod:`.timers`          timers of a process
:mod:`.messages`        values that travel
:mod:`.calls`           request and reply, one peer or many
:mod:`.network`         who reaches whom and when; the rules in force
:mod:`.disk`            a disk that can lose, tear, rot and stall
:mod:`.wal`             checksummed records on such a disk
:mod:`.clock`           what a node takes for the time
:mod:`.randomness`      named streams drawn from the one seed
:mod:`.journal`         what happened, and its digest
======================  =====================================================
"""
