"""WebSub (W3C Recommendation, 23 January 2018): what a hub decides, and the requests that it sends.

Nothing here knows a store or a feed. `wire` alone speaks to the network; the rest is pure.
"""
