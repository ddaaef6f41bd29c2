"""A Session in another process, and a process that follows a session so that going back is quick.

===================  ==========================================================================================
:mod:`.wire`         what travels: length-prefixed pickles between processes of one and the same playground
:mod:`.server`       the side of the Session: answers the client at the other end of a wire
:mod:`.client`       :class:`RemoteSession`, the side of the screen: looks like a Session
:mod:`.guest`        :class:`Guest`, the same where many look at one session
:mod:`.asking`       what of a guest's calls is believed
:mod:`.door`         how others are let into a session that somebody has elsewhere
:mod:`.checkpoints`  which of many checkpoints are worth their memory
:mod:`.worker`       the process that re-executes a record behind the present, and forks where somebody goes back
:mod:`.aside`        how a process without a terminal begins
:mod:`.follower`     :class:`Follower`, the screen's handle on that process
===================  ==========================================================================================
"""
