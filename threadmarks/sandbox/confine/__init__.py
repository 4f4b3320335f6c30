"""The layers that hold a runner, one a file: namespaces, file view, credentials, limits, Landlock, system-call filter.

Each layer is a few functions on the calling process. `ladder.py` puts them together into rungs. Standard library only.
"""
