"""A simulator of Xero: identity, connections and the Accounting API 2.0, over real HTTP."""

from connectors.sandbox.xero.app import create_app
from connectors.sandbox.xero.settings import XeroSettings

__all__ = ["XeroSettings", "create_app"]
