"""The headless verbs: one file a noun, each verb a thin call of an action."""
