"""The HTTP API: thin handlers, one file a noun. They check who asks, ask the service or a view, and answer.

Business decisions live in service/*.py, shapes in contracts/. `route_handlers` and `EXCEPTION_HANDLERS` are what the
composition root needs.
"""
