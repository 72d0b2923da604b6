"""`python -m connectors.sandbox xero --port N`."""

from __future__ import annotations

import rich_click as click

from connectors.sandbox.xero.settings import OrganisationOptions, Switches, XeroApp, XeroSettings, XeroWebhookConfig


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8091, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free port.")
@click.option(
    "--app", "apps", multiple=True, metavar="ID:SECRET[:NAME]", help="A web app; an empty SECRET makes a PKCE app."
)
@click.option(
    "--redirect-uri", "redirect_uris", multiple=True, help="Registered for every app; none = any URI on localhost."
)
@click.option("--tier", default="core", show_default=True, type=click.Choice(["starter", "core", "plus", "advanced"]))
@click.option("--broad-scopes", is_flag=True, help="The apps are older than 2 March 2026: broad scopes work too.")
@click.option("--webhook-url", default="", help="Where webhooks go, once intent to receive is proven.")
@click.option("--webhook-key", default="sandbox-webhook-key", show_default=True, help="Signs the webhooks.")
@click.option("--skip-intent", is_flag=True, help="Deliver webhooks without the intent-to-receive handshake.")
@click.option("--limits/--no-limits", default=True, show_default=True, help="Xero's request limits.")
@click.option("--auto-consent", is_flag=True, help="The consent page presses Allow by itself.")
@click.option("--switch", "switches", multiple=True, metavar="NAME=VALUE", help="An uncertain behaviour; repeatable.")
@click.option("--control-token", default="", help="Asked for in x-control-token under /_control.")
@click.option("--public-url", default="", help="Base URL in the discovery document; default: the Host header.")
@click.option("--generate", default=0, type=click.IntRange(0), help="Add an organisation with this many contacts.")
@click.option("--seed", default=1, show_default=True, help="For ids and other random choices.")
def xero(
    host: str,
    port: int,
    apps: tuple[str, ...],
    redirect_uris: tuple[str, ...],
    tier: str,
    broad_scopes: bool,
    webhook_url: str,
    webhook_key: str,
    skip_intent: bool,
    limits: bool,
    auto_consent: bool,
    switches: tuple[str, ...],
    control_token: str,
    public_url: str,
    generate: int,
    seed: int,
) -> None:
    """Imitate Xero's identity server and the Accounting API 2.0."""
    from connectors.sandbox.serve import run_xero

    values: dict[str, object] = {"limits": limits, "webhook_require_intent": not skip_intent}
    if auto_consent:
        values["consent"] = "allow"
    settings = XeroSettings(
        webhooks=XeroWebhookConfig(url=webhook_url, verifier_token=webhook_key),
        switches=_switches(switches, values),
        control_token=control_token,
        public_url=public_url.rstrip("/"),
        seed=seed,
    )
    if apps:
        settings.apps = [_app(text) for text in apps]
    for app in settings.apps:
        app.redirect_uris, app.broad_scopes = list(redirect_uris), broad_scopes
        app.tier = XeroApp.model_validate({**app.model_dump(), "tier": tier}).tier
    if generate:
        settings.organisations.append(OrganisationOptions(name=f"Generated Organisation {generate}", contacts=generate))
    run_xero(settings, host, port)


def _switches(pairs: tuple[str, ...], values: dict[str, object]) -> Switches:
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or name not in Switches.model_fields:
            raise click.BadParameter(f"{pair!r}: write NAME=VALUE with a name of {', '.join(Switches.model_fields)}")
        values[name] = value
    try:
        return Switches.model_validate(values)
    except ValueError as invalid:
        raise click.BadParameter(str(invalid)) from None


def _app(text: str) -> XeroApp:
    client_id, separator, rest = text.partition(":")
    secret, _, name = rest.partition(":")
    if not client_id or not separator:
        raise click.BadParameter(f"{text!r}: write ID:SECRET or ID:SECRET:NAME")
    app = XeroApp(client_id=client_id, client_secret=secret, kind="web" if secret else "pkce")
    return app.model_copy(update={"name": name}) if name else app
