"""Makes the numbers that come with the package from labelled data; no part of the package itself."""
