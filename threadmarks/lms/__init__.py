"""How each learning management system packs submissions: one system a file, and what they have in common.

From a `delivery.Delivery` (a folder or a zip) a `layout.Layout` makes items with owners. Knows names and ids; must not grade.
"""
