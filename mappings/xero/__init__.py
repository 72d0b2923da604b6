"""Xero: what each field becomes, and what stands in the way. Pure functions only."""
