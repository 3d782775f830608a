"""arXiv in a box: a server that answers as arXiv's listings, API and OAI-PMH do, over its own papers."""
