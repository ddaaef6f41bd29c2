"""A Session in another process, and a process that follows a session so that going back is quick.

===================  ==========================================================================================
:mod:`.wire`         what travels: length-prefixed pickles between processes of one and the same playground
:mod:`.server`       the side of the Session: answers the client at the other end of a wire
:mod:`.client`       :class:`RemoteSession`, the side of the screen: looks like a Session
:mod:`.checkpoints`  which of many checkpoints are worth their memory
:mod:`.worker`       the process that re-executes a record behind the present, and forks where somebody goes back
:mod:`.follower`     :class:`Follower`, the screen's handle on that process
===================  ==========================================================================================
"""
