"""How Alembic reaches the tables: synchronously, over the driver of the same database."""

from alembic import context
from sqlalchemy import create_engine, pool
from sqlmodel import SQLModel

import service.store.tables  # noqa: F401  (registers the tables)

config = context.config


def _sync_url() -> str:
    url = config.get_main_option("sqlalchemy.url") or ""
    return url.replace("sqlite+aiosqlite", "sqlite")


def run() -> None:
    """Run the migrations in one transaction."""
    url = _sync_url()
    options = {"timeout": 30} if url.startswith("sqlite") else {}
    engine = create_engine(url, poolclass=pool.NullPool, connect_args=options)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)
        with context.begin_transaction():
            context.run_migrations()


run()
