"""A simulator of Intuit's OAuth 2.0 and the QuickBooks Online Accounting API v3, over real HTTP."""

from connectors.sandbox.quickbooks.app import create_app
from connectors.sandbox.quickbooks.settings import SandboxSettings

__all__ = ["SandboxSettings", "create_app"]
