"""Parts every simulator needs and no provider owns: clock, exact JSON, limits, faults, call log, webhooks."""
