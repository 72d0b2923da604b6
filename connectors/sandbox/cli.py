"""`python -m connectors.sandbox quickbooks --port N`, and the same for `xero`."""

from __future__ import annotations

import rich_click as click

from connectors.sandbox.common.webhooks import WebhookConfig
from connectors.sandbox.quickbooks.settings import CompanyOptions, OAuthClient, SandboxSettings, Switches
from connectors.sandbox.serve import run_quickbooks
from connectors.sandbox.xero.cli import xero


@click.group()
def main() -> None:
    """Simulators of accounting services, over real HTTP."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8090, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free port.")
@click.option("--client", "clients", multiple=True, metavar="ID:SECRET[:production]", help="A key pair; repeatable.")
@click.option(
    "--redirect-uri", "redirect_uris", multiple=True, help="Registered for every client; none = any loopback URI."
)
@click.option("--webhook-url", default="", help="Where change notifications go.")
@click.option("--verifier-token", default="sandbox-verifier-token", show_default=True, help="Signs the notifications.")
@click.option("--limits/--no-limits", default=True, show_default=True, help="Intuit's request limits.")
@click.option("--switch", "switches", multiple=True, metavar="NAME=VALUE", help="An uncertain behaviour; repeatable.")
@click.option("--control-token", default="", help="Asked for in x-control-token under /_control.")
@click.option("--public-url", default="", help="Base URL in the discovery document; default: the Host header.")
@click.option("--generate", default=0, type=click.IntRange(0), help="Add a company with this many customers.")
@click.option("--seed", default=1, show_default=True, help="For choices QuickBooks makes at random.")
def quickbooks(
    host: str,
    port: int,
    clients: tuple[str, ...],
    redirect_uris: tuple[str, ...],
    webhook_url: str,
    verifier_token: str,
    limits: bool,
    switches: tuple[str, ...],
    control_token: str,
    public_url: str,
    generate: int,
    seed: int,
) -> None:
    """Imitate Intuit's OAuth and the QuickBooks Online Accounting API v3."""
    settings = SandboxSettings(
        webhooks=WebhookConfig(url=webhook_url, verifier_token=verifier_token),
        switches=_switches(switches, limits=limits),
        control_token=control_token,
        public_url=public_url.rstrip("/"),
        seed=seed,
    )
    if clients:
        settings.clients = [_client(text) for text in clients]
    for client in settings.clients:
        client.redirect_uris = list(redirect_uris)
    if generate:
        settings.companies.append(CompanyOptions(name=f"Generated Company {generate}", customers=generate))
    run_quickbooks(settings, host, port)


main.add_command(xero)


def _switches(pairs: tuple[str, ...], *, limits: bool) -> Switches:
    values: dict[str, object] = {"limits": limits}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or name not in Switches.model_fields:
            raise click.BadParameter(f"{pair!r}: write NAME=VALUE with a name of {', '.join(Switches.model_fields)}")
        values[name] = value
    try:
        return Switches.model_validate(values)
    except ValueError as invalid:
        raise click.BadParameter(str(invalid)) from None


def _client(text: str) -> OAuthClient:
    client_id, _, rest = text.partition(":")
    secret, _, environment = rest.partition(":")
    if not client_id or not secret or environment not in {"", "production", "development"}:
        raise click.BadParameter(f"{text!r}: write ID:SECRET or ID:SECRET:production")
    return OAuthClient.model_validate(
        {"client_id": client_id, "client_secret": secret, "environment": environment or "development"}
    )
