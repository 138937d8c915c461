"""Reusable Qt parts: tables, plots, cards, forms. May import core and actions, never the store."""
