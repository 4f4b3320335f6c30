"""The runner: the untrusted process in which a scenario and a student's code run, under a baton and a virtual clock.

Read in this order: `baton` (who runs, and when time passes), `locks` and `patches` (what the standard library stands
on), `preemption` (switching inside student code), `entry` (one request from start to end). Imports the standard library
only: nothing of the judge's side, and nothing that needs site-packages.
"""
