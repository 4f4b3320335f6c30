"""Releases: what students get, and what a grading service gets. Packs; must not grade.

`visible` takes hidden checks out of a grader, `wheel` packs the kit with chosen content, `student` and `gradescope` say what goes where. The same
kit makes the same bytes.
"""
