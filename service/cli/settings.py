"""Settings for a command: what is wrong with them is said in sentences, with exit code 2."""

from __future__ import annotations

import sys
from typing import NoReturn

import rich_click as click
from pydantic import ValidationError

from service.settings import QuickBooksSettings, Settings

CONFIGURATION_WRONG = 2


def load_settings() -> Settings:
    """The settings of this installation. Exits with 2 when one is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        prefix = "LEDGERLANE_QUICKBOOKS_" if error.title == QuickBooksSettings.__name__ else "LEDGERLANE_"
        for problem in error.errors():
            name = prefix + "_".join(str(part) for part in problem["loc"]).upper()
            click.echo(f"{name}: {problem['msg'].removeprefix('Value error, ')}.", err=True)
        sys.exit(CONFIGURATION_WRONG)


def stop_for_configuration(message: str) -> NoReturn:
    """Say what is missing and exit with 2."""
    click.echo(message, err=True)
    sys.exit(CONFIGURATION_WRONG)
