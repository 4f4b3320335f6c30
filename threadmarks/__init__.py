"""Threadmarks: exercises in concurrency, graded by what a program does.

`ARCHITECTURE.md` is the map. This module only names the version; importing it must stay free of cost, because the
runner pays for it in every process that holds a student's code.
"""

__version__ = "0.1.0"
