"""Grades a class: from what a learning management system packed to a mark for each of its ids.

`intake` picks each student's file, `run` has those graded that have no result yet, `outputs` writes what is published. `executor` is where
gradings happen: on this machine's cores (`local`), or elsewhere.
"""
