"""The playground for visitors: over SSH and in a browser, each with a cluster of their own or all with the same one.

==================  ===========================================================================================
:mod:`.messages`    what the processes say to each other, and which there are
:mod:`.limits`      how much of everything a visitor may have
:mod:`.line`        the line to one visitor's terminal, whatever it runs over
:mod:`.names`       what visitors are called
:mod:`.logbook`     who came, who was refused and why, who left
:mod:`.visit`       one visitor, from being let in until gone: limits, and the seat they have
:mod:`.restoring`   puts a terminal back in order at the end
:mod:`.front`       lets visitors in and seats them; ends everything
:mod:`.seat`        the seat of those who act: a process on a pseudo-terminal
:mod:`.launch`      how that process begins
:mod:`.player`      that process
:mod:`.bonds`       what binds it from its first moment
:mod:`.watch`       what the processes of a seat take of memory and processor
:mod:`.stands`      the seats of those who watch: one rendering for all with the same terminal
:mod:`.place`       the place of one of them: what reaches their terminal, and how they leave
:mod:`.presses`     what their keys mean
:mod:`.styles`      which rendering suits a terminal
:mod:`.renderer`    the front's handle on the process that renders
:mod:`.gallery`     that process
:mod:`.fan`         one rendering in it: an app whose terminal are many
:mod:`.doors`       the front's way to the hall
:mod:`.hall`        the process of the session that all share
:mod:`.audience`    those who look at it: what each is told, may do, and is shown
:mod:`.staging`     what is shown to all of them instead: the past that a presenter went back to
:mod:`.roster`      who is there, who may act, who has been lent the keyboard
:mod:`.guard`       who may connect at all, and how often
:mod:`.listening`   what all do alike who listen for strangers
:mod:`.ssh`         visitors over SSH
:mod:`.connection`  one such connection, from its first byte on
:mod:`.sluice`      how much comes in and goes out of it, whatever it is
:mod:`.doorman`     asks one of them who they are, and for what they come
:mod:`.admission`   as whom they come in
:mod:`.keys`        who comes by key
:mod:`.hostkey`     the server's own key
:mod:`.channel`     the terminal of one of them
:mod:`.asking`      asks it how many colours it has
:mod:`.colors`      how many that are, by its name and its answers
:mod:`.web`         visitors in a browser
==================  ===========================================================================================

What a visitor can do and what nobody can do is promised in SECURITY.md.
"""
