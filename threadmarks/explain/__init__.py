"""Explaining: from facts about a run to words and pictures for a learner.

`codes` says what a finding code means, `timeline` draws the threads over virtual time, `waits` tells a wait-for graph in
words, `values` shows what was seen beside what was wanted, `safe` keeps a student's text from steering the terminal.
Stands behind the judge and before the renderers: it yields plain lines of text and must not print, colour or grade.
"""
