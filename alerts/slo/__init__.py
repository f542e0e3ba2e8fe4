"""Service level objectives: the arithmetic (`burn`), the figures (`sums`), what is said (`words`, `saying`)."""
