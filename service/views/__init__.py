"""Reading: rows to contract shapes, nothing else. The API and the console both ask here, so they cannot disagree.

Every list is one or two queries whatever its length. Nothing here writes, decides, or knows HTTP.
"""
