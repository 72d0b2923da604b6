"""`ledgerlane contracts`: write the generated descriptions, or check that they are fresh."""

from __future__ import annotations

import json
from pathlib import Path

import rich_click as click

REPOSITORY = Path(__file__).resolve().parents[2]


@click.group(name="contracts")
def contracts_group() -> None:
    """The API's description and the schemas of the core contracts, generated from the code."""


@contracts_group.command()
def write() -> None:
    """Write contracts/openapi.json and contracts/schemas/*.json."""
    wanted = generated_files()
    for path in stale_schemas(wanted):
        path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    click.echo(f"Wrote {len(wanted)} files under {REPOSITORY / 'contracts'}.")


@contracts_group.command()
def check() -> None:
    """Fail when a committed file is not what the code says."""
    wanted = generated_files()
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    stale += stale_schemas(wanted)
    if stale:
        names = ", ".join(sorted(str(path.relative_to(REPOSITORY)) for path in stale))
        raise click.ClickException(f"Not fresh: {names}. Run `ledgerlane contracts write` and commit the result.")
    click.echo("The contracts are fresh.")


def generated_files() -> dict[Path, str]:
    """Every generated file and its text, the same on every run."""
    from service.api.openapi import contract_schemas, document

    folder = REPOSITORY / "contracts"
    files = {folder / "openapi.json": document()}
    files |= {folder / "schemas" / name: schema for name, schema in contract_schemas().items()}
    return {path: json.dumps(content, indent=2, ensure_ascii=False) + "\n" for path, content in files.items()}


def stale_schemas(wanted: dict[Path, str]) -> list[Path]:
    """Schema files that no contract stands behind any more."""
    return [path for path in (REPOSITORY / "contracts" / "schemas").glob("*.json") if path not in wanted]
