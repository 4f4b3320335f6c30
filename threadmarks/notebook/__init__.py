"""nbgrader's side: its gradebook, filled from results. Needs the extra `threadmarks[nbgrader]`; must not grade."""
