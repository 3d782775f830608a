"""How like two papers are, told from the words of their titles and abstracts. Pure.

The likeness of two papers is the cosine of their vectors of stems. A stem's component is (1 + ln c)·√w,
where c is how often the paper has it and w = ln((N + 1)/(n + ½)) how telling it is: n of the N papers
counted have it. See `docs/design.md` for why, and `benchmarks/likeness.py` for what it is worth.
"""
