"""What the words mean: the core billing model, problems, events and the service's own API shapes.

Imports nothing of ours. Everything here is frozen, exact (Decimal, never float) and refuses unknown fields.
"""
