"""Every variable of the environment, in one class; the only module that reads it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

VERSION = "0.1.0"


class Settings(BaseSettings):
    """What a deployment sets; every field has a default that is safe on one machine."""

    model_config = SettingsConfigDict(env_prefix="TANDEM_", extra="ignore", hide_input_in_errors=True)

    database_url: str = ""
    """SQLAlchemy URL of a PostgreSQL with PostGIS; `DATABASE_URL` is read too."""
    data_dir: Path = Path("data")
    """Where the private database, the keys and the runtime files live."""
    network: str = ""
    """Slug of the network that people without a session speak to; the only one when empty."""
    host: str = "127.0.0.1"
    port: int = 8000
    demo: bool = False
    """Whether a network flagged demo may be served."""
    public_origin: str = ""
    """Scheme and host that browsers see, where a proxy stands before us."""
    threads: int = 128
    """Requests worked on at once."""
    pool_size: int = 20
    stands_in: bool = True
    """Whether the service does what falls due while no worker works."""
    passphrase_memory_kib: int = 65_536
    """Memory that one passphrase hash takes; less is for tests and demo loading alone."""
    batch_limit: int = 256
    """The most sightings stored in one transaction."""

    @property
    def key_dir(self) -> Path:
        """Where the keys live, outside the database."""
        return self.data_dir / "keys"

    @classmethod
    def read(cls) -> Settings:
        """Read the environment once; `DATABASE_URL` stands in where no `TANDEM_DATABASE_URL` is given."""
        settings = cls()
        if not settings.database_url:
            settings.database_url = _PlainUrl().database_url
        # Hosts and scripts write the address without the driver, in either of two spellings.
        settings.database_url = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", settings.database_url)
        return settings


class _PlainUrl(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True)
    database_url: str = ""


def handed_on(told: dict[str, str]) -> dict[str, str]:
    """Return this process's environment with `told` laid over it, for a part that is started as a process."""
    return {**os.environ, **told}
