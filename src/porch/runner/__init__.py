"""The function-runner process: evaluates functions for others, over gRPC.

It serves the protocol of upstream's function runner, so that either side may be upstream's: ours asks theirs, theirs
asks ours.
"""
