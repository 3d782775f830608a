"""A feed publisher and subscription service for arXiv."""
