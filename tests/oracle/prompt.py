"""The text that the model reads; apart, so that it can be had without torch."""


def prompt(query: str, passage: str, separator: str = " \n \n ") -> str:
    """The one sequence that the model was trained on; no space after either colon."""
    return f"question:{query}{separator}passage:{passage}"
