"""What a ledger connector must do, as rules that run against each of them over real HTTP."""
