"""How people come in and go: added at the console, vouched for in person, suspended."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from typing import Final

from desk.access import Act, Actor, require
from desk.accounts import aliases, passphrases
from desk.accounts.errors import (
    AdminReadsNothing,
    AliasForm,
    NoFreeAlias,
    NoRoles,
    NoSuchAlias,
    VoucherRoles,
    VouchersUsedUp,
    VoucherUnusable,
)
from desk.accounts.leaving import gone, gone_unless_signed_in
from desk.accounts.passphrases import Cost
from desk.unit_of_work import UnitOfWork
from records import ids
from records.enums import NetworkKind, Role
from records.models import Account, Voucher

_CODE_BYTES: Final = 16
_TRIES: Final = 40
_ALIAS: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST_ALIAS: Final = 40

VOUCHED_ROLES: Final = frozenset({Role.SPOTTER, Role.RESPONDER})
"""What an organizer may hand out alone; every other role is given at the console."""

READS_REPORTS: Final = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.VERIFIER, Role.ANALYST, Role.LEGAL})


def new_code() -> str:
    """Return a fresh one-time code: 128 random bits."""
    return written(secrets.token_bytes(_CODE_BYTES))


def written(secret: bytes) -> str:
    """Return a code as it is handed over: groups of letters and digits that are hard to misread."""
    letters = base64.b32encode(secret).decode().rstrip("=").lower()
    return "-".join(letters[start : start + 5] for start in range(0, len(letters), 5))


def code_for(uow: UnitOfWork, actor: Actor, key: str) -> str:
    """Return the code that belongs to an organizer's Idempotency-Key: a retry shows it again, though nobody kept it."""
    told = f"voucher/{uow.network.id}/{actor.account_id}/{key}".encode()
    return written(hmac.digest(uow.keys.receipt_key(), told, "sha256")[:_CODE_BYTES])


def read_code(code: str) -> bytes:
    """Return what is kept of a code: its SHA-256, whatever dashes, spaces and capitals it was typed with."""
    bare = "".join(letter for letter in code.casefold() if letter.isalnum())
    return hashlib.sha256(bare.encode()).digest()


def free_alias(uow: UnitOfWork) -> str:
    """Return a fresh alias of two words that nobody has; raises NoFreeAlias."""
    for _ in range(_TRIES):
        alias = aliases.suggest()
        if uow.accounts.find(alias) is None:
            return alias
    raise NoFreeAlias


def _require_separate(uow: UnitOfWork, roles: Collection[Role]) -> None:
    if not roles:
        raise NoRoles
    if Role.ADMIN in roles and READS_REPORTS & set(roles) and uow.network.kind == NetworkKind.LIVE:
        raise AdminReadsNothing


def add(
    uow: UnitOfWork,
    roles: Collection[Role],
    *,
    alias: str | None = None,
    passphrase: str | None = None,
    cost: Cost | None = None,
    vouched_by: str | None = None,
    kind: str = "person",
) -> Account:
    """Make an account at the console; it is its own lineage unless somebody vouched for it.

    Parameters
    ----------
    uow
        The act.
    roles
        What the account may be; at least one.
    alias
        The alias; two fresh words without it.
    passphrase
        The passphrase, where the account is to sign in; it is checked.
    cost
        What the hash costs; the full price without it.
    vouched_by
        Alias of the account whose lineage it joins.
    kind
        `person`, `script` or `feed`.

    Raises
    ------
    DeskError
        The roles must be apart, the passphrase is too weak, or nobody has the alias `vouched_by`.
    """
    _require_separate(uow, roles)
    if alias is not None and (len(alias) > _LONGEST_ALIAS or not _ALIAS.fullmatch(alias)):
        raise AliasForm
    lineage = ids.new_id()
    if vouched_by is not None:
        voucher = uow.accounts.find(vouched_by)
        if voucher is None:
            raise NoSuchAlias
        lineage = voucher.lineage
    if passphrase is not None:
        passphrases.check(passphrase)
    account = uow.accounts.add(
        account_id=ids.new_id(),
        alias=alias or free_alias(uow),
        lineage=lineage,
        roles=roles,
        created_on=uow.outside_now.date(),
        kind=kind,
        passphrase_hash=None if passphrase is None else passphrases.hashed(passphrase, cost or Cost()),
    )
    uow.audits.note(None, "add an account", "account", uow.outside_now.date())
    return account


def make_voucher(
    uow: UnitOfWork, actor: Actor | None, roles: Collection[Role], *, code: str, vouched_by: str | None = None
) -> Voucher:
    """Keep the hash of a one-time code that will make one account; return the voucher, which knows no code.

    Parameters
    ----------
    uow
        The act.
    actor
        The organizer who vouches and whose lineage is handed on; None at the console, which may give every role.
    roles
        What the account will be.
    code
        The code to hand over, from `new_code`; the same code again changes nothing.
    vouched_by
        At the console, the alias whose lineage is handed on; a lineage of its own without it.

    Raises
    ------
    VoucherRoles
        An organizer asked for more than spotter and responder.
    VouchersUsedUp
        The organizer has made as many as one may in a day.
    """
    _require_separate(uow, roles)
    now = uow.outside_now
    lineage: int | None = None
    if actor is not None:
        require(actor, Act.MAKE_VOUCHER)
        if not set(roles) <= VOUCHED_ROLES:
            raise VoucherRoles
        lineage = actor.lineage
        # Two vouchers at once must not both be the last one allowed.
        uow.accounts.account_lock(actor.account_id or 0)
        made = uow.accounts.vouchers_made(actor.account_id or 0, still_valid_at=now)
        known = uow.accounts.find_voucher(read_code(code))
        if known is None and made >= uow.policy.sessions.vouchers_per_day:
            raise VouchersUsedUp
    elif vouched_by is not None:
        voucher = uow.accounts.find(vouched_by)
        if voucher is None:
            raise NoSuchAlias
        lineage = voucher.lineage
    kept = uow.accounts.add_voucher(
        read_code(code),
        roles=roles,
        lineage=lineage,
        made_by=None if actor is None else actor.account_id,
        expires_at=now + uow.policy.sessions.voucher_lasts,
    )
    uow.audits.note(None if actor is None else actor.account_id, "make a voucher", "voucher", now.date())
    return kept


def redeem(uow: UnitOfWork, code: str, passphrase: str, *, cost: Cost, lang: str = "en") -> Account:
    """Make the account that a voucher stands for, with two fresh words as its alias.

    Raises
    ------
    VoucherUnusable
        The voucher was used, has run out, or never was.
    PassphraseTooShort, PassphraseTooLong, PassphraseCommon
        The passphrase will not do; the voucher stays good.
    """
    passphrases.check(passphrase)
    voucher = uow.accounts.use_voucher(read_code(code), uow.outside_now)
    if voucher is None:
        raise VoucherUnusable
    return uow.accounts.add(
        account_id=ids.new_id(),
        alias=free_alias(uow),
        lineage=voucher.lineage or ids.new_id(),
        roles=[Role(role) for role in voucher.roles],
        created_on=uow.outside_now.date(),
        passphrase_hash=passphrases.hashed(passphrase, cost),
        lang=lang,
    )


def lift_suspension(uow: UnitOfWork, alias: str) -> None:
    """Let a suspended account in again, at the console; its codes hold again until they run out. Raises NoSuchAlias."""
    account = _called(uow, alias)
    uow.accounts.lift_suspension(account.id)
    uow.audits.note(None, "lift a suspension", "account", uow.outside_now.date())


def change_roles(uow: UnitOfWork, alias: str, roles: Collection[Role]) -> None:
    """Say anew at the console what an account may be; its sessions end, so that none keeps what it was.

    Raises
    ------
    NoSuchAlias, NoRoles, AdminReadsNothing
        There is no such account, or the roles must be apart.
    """
    _require_separate(uow, roles)
    account = _called(uow, alias)
    account.roles = sorted(roles)
    uow.accounts.end_sessions(account.id)
    gone_unless_signed_in(uow, account.id)
    uow.audits.note(None, "change roles", "account", uow.outside_now.date())


def give_passphrase(uow: UnitOfWork, alias: str, passphrase: str, *, cost: Cost) -> None:
    """Give an account a new passphrase at the console, for somebody who lost theirs or their phone; sessions end.

    Raises
    ------
    NoSuchAlias
        There is no such account.
    """
    account = _called(uow, alias)
    passphrases.check(passphrase)
    account.passphrase_hash = passphrases.hashed(passphrase, cost)
    uow.accounts.end_sessions(account.id)
    gone_unless_signed_in(uow, account.id)
    uow.audits.note(None, "give a passphrase", "account", uow.outside_now.date())


def _called(uow: UnitOfWork, alias: str) -> Account:
    account = uow.accounts.find(alias)
    if account is None:
        raise NoSuchAlias
    return account


def suspend(uow: UnitOfWork, actor: Actor | None, alias: str) -> None:
    """Suspend an account: its sessions end, and the codes it made open nothing; None as actor is the console.

    Raises
    ------
    NoSuchAlias
        There is no such account.
    """
    if actor is not None:
        require(actor, Act.SUSPEND)
    account = _called(uow, alias)
    uow.accounts.suspend(account.id, uow.outside_now)
    gone(uow, account.id)
    uow.audits.note(
        None if actor is None else actor.account_id, "suspend an account", "account", uow.outside_now.date()
    )
