"""Renderers: a `model.Report` in, text out. One renderer a file.

`text` is what a person reads (laid out by `layout`, one failed check at a time by `details`), `json` is what a program
reads. Stands behind the judge and beside `explain`; must not grade, print, or read a file.
"""
