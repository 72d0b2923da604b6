"""Settings for a command: what is wrong with them is said in sentences, with exit code 2."""

from __future__ import annotations

import sys

import rich_click as click
from pydantic import ValidationError

from service.settings import Settings

CONFIGURATION_WRONG = 2


def load_settings() -> Settings:
    """The settings of this installation. Exits with 2 when one is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        for problem in error.errors():
            name = "LEDGERLANE_" + "_".join(str(part) for part in problem["loc"]).upper()
            click.echo(f"{name}: {problem['msg'].removeprefix('Value error, ')}.", err=True)
        sys.exit(CONFIGURATION_WRONG)


def stop_for_configuration(message: str) -> None:
    """Say what is missing and exit with 2."""
    click.echo(message, err=True)
    sys.exit(CONFIGURATION_WRONG)
