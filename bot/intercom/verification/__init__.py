"""Whether a write whose answer got lost happened all the same, where one read can tell.

Each module has the kinds of evidence for one part of Intercom; the catalogue's declarations name
which is a tool's. Not looked up, since no read can honestly tell:
- auto_assign_conversation: an assignment that is there may be anybody's, to anybody;
- convert_visitor: a visitor that is gone may have expired, and nothing names who it became;
- create_message that begins no conversation: nothing lists it.
"""
