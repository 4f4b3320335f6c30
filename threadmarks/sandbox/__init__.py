"""Runs untrusted programs: a zygote that forks runners, their limits, and the clean-up after them.

`host.Host` is the judge's side, `zygote` the other. What a runner answers stays bytes here.
"""
