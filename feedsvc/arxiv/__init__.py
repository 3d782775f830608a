"""How papers arrive from arXiv: answers read into values, and the source that asks for them."""
