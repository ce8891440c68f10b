"""Accounts, sessions and vouchers as they cross the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from desk.access import Actor
from desk.accounts import WaitingKey
from desk.accounts.passphrases import LONGEST
from desk.unit_of_work import NetworkNow
from records import ids
from records.enums import NetworkKind, Role

Alias = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$")]
Passphrase = Annotated[str, Field(min_length=1, max_length=LONGEST)]


class SessionIn(BaseModel):
    """Somebody who signs in."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    alias: Alias
    passphrase: Passphrase


class PassphraseIn(BaseModel):
    """Somebody who changes their passphrase."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    old: Passphrase
    new: Passphrase


class WaitingKeyOut(BaseModel):
    """A key pair on P-256, as in a JSON Web Key."""

    d: str
    x: str
    y: str

    @classmethod
    def of(cls, key: WaitingKey) -> WaitingKeyOut:
        """Return it as it goes out."""
        return cls(d=key.d, x=key.x, y=key.y)


class SessionOut(BaseModel):
    """A fresh session; the token is shown this once."""

    token: str
    alias: str
    roles: list[Role]
    expires_at: datetime


class NetworkOut(BaseModel):
    """The network somebody is in."""

    slug: str
    name: str
    kind: NetworkKind
    now: datetime

    @classmethod
    def of(cls, network: NetworkNow, now: datetime) -> Self:
        """Show a network and the time it lives at."""
        return cls(slug=network.slug, name=network.name, kind=NetworkKind(network.kind), now=now)


class MeOut(BaseModel):
    """One's own account."""

    alias: str
    roles: list[Role]
    responder: str | None
    script: bool
    network: NetworkOut

    @classmethod
    def of(cls, actor: Actor, network: NetworkNow, now: datetime) -> Self:
        """Show who is asking to themself."""
        return cls(
            alias=actor.alias or "",
            roles=sorted(actor.roles),
            responder=None if actor.responder_id is None else ids.shown(actor.responder_id),
            script=actor.script,
            network=NetworkOut.of(network, now),
        )


class VoucherIn(BaseModel):
    """A voucher to be made."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    roles: list[Role] = Field(min_length=1, max_length=len(Role))


class VoucherOut(BaseModel):
    """A voucher; the code is handed over in person."""

    code: str
    roles: list[Role]
    expires_at: datetime


class RedeemIn(BaseModel):
    """A voucher that becomes an account."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    code: str = Field(min_length=1, max_length=80)
    passphrase: Passphrase
    lang: str = Field(default="en", pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,8})?$")


class AccountOut(BaseModel):
    """A fresh account."""

    alias: str
    roles: list[Role]


class SuggestionOut(BaseModel):
    """A passphrase to take or leave."""

    passphrase: str


class ClockIn(BaseModel):
    """A time to which a rehearsal moves on."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    now: AwareDatetime


class ClockOut(BaseModel):
    """The time of a rehearsal, and how much fell due on the way there."""

    now: datetime
    due: int
