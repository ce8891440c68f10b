"""Who is this: sessions begun, recognised, ended; only hashes of tokens are known here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from desk.access import ANONYMOUS, Actor
from desk.accounts import enrolling, passphrases
from desk.accounts.errors import NoSuchAlias, TokenTooLong, WrongAliasOrPassphrase
from desk.accounts.leaving import gone_unless_signed_in
from desk.accounts.passphrases import Cost
from desk.unit_of_work import UnitOfWork
from records.enums import Role
from records.values import Recognised

_NOTED_EVERY: Final = timedelta(minutes=1)
PROOF_LASTS: Final = timedelta(minutes=5)
SCRIPT_LASTS: Final = timedelta(hours=12)
SCRIPT_LONGEST: Final = timedelta(days=30)


def recognise(uow: UnitOfWork, token_sha256: bytes) -> Actor:
    """Return who a token belongs to; nobody where it ended, lay idle too long, or its account is suspended."""
    return recognise_all(uow, [token_sha256])[token_sha256]


def recognise_all(uow: UnitOfWork, tokens_sha256: Collection[bytes]) -> dict[bytes, Actor]:
    """Return who each of these tokens belongs to, as `recognise` does: one question for all."""
    found = uow.accounts.recognised_all(tokens_sha256)
    holding = {token: each for token, each in found.items() if not each.suspended and not _has_ended(uow, each)}
    unnoted = [token for token, each in holding.items() if uow.outside_now - each.used_at > _NOTED_EVERY]
    if unnoted:
        _note_use(uow, unnoted)
    return dict.fromkeys(tokens_sha256, ANONYMOUS) | {token: _actor(each) for token, each in holding.items()}


def _actor(found: Recognised) -> Actor:
    return Actor(
        account_id=found.account_id,
        alias=found.alias,
        lineage=found.lineage,
        roles=frozenset(Role(role) for role in found.roles),
        script=found.kind == "script",
        responder_id=found.responder_id,
        zone_ids=frozenset(found.zone_ids),
    )


def _has_ended(uow: UnitOfWork, found: Recognised) -> bool:
    now = uow.outside_now
    if now >= found.expires_at:
        return True
    return found.kind == "person" and now - found.used_at >= uow.policy.sessions.idle


def _note_use(uow: UnitOfWork, token_sha256: Collection[bytes]) -> None:
    now = uow.outside_now
    uow.accounts.session_touch(token_sha256, moment=now, unused_since=now - _NOTED_EVERY)


def still_signed_in(uow: UnitOfWork, asked: Collection[bytes]) -> set[bytes]:
    """Return which of these tokens still hold; watching an open stream counts as use."""
    if not asked:
        return set()
    now = uow.outside_now
    standing = uow.accounts.standing(asked, moment=now, unused_since=now - uow.policy.sessions.idle)
    unnoted = [token for token, used_at in standing.items() if now - used_at > _NOTED_EVERY]
    if unnoted:
        _note_use(uow, unnoted)
    return set(standing)


def is_proved(uow: UnitOfWork, token_sha256: bytes) -> bool:
    """Return whether the passphrase behind a token was given within the last five minutes; never for scripts."""
    found = uow.accounts.recognised(token_sha256)
    if found is None or found.suspended or found.kind != "person" or _has_ended(uow, found):
        return False
    return uow.outside_now - found.proved_at <= PROOF_LASTS


def sign_in(uow: UnitOfWork, alias: str, passphrase: str, *, token_sha256: bytes, cost: Cost) -> tuple[Actor, datetime]:
    """Begin a session under a fresh token; return who it is and until when.

    An unknown or suspended alias takes as long as a wrong passphrase and gets the same answer.

    Raises
    ------
    WrongAliasOrPassphrase
        They do not belong together.
    ManySignIn
        More people sign in than hashes can be made.
    """
    account = uow.accounts.find(alias)
    kept = account.passphrase_hash if account is not None and account.suspended_at is None else None
    fits = passphrases.matches(kept, passphrase, cost)
    if not fits or account is None or kept is None:
        raise WrongAliasOrPassphrase
    if passphrases.is_weaker(kept, cost):
        account.passphrase_hash = passphrases.hashed(passphrase, cost)
    now = uow.outside_now
    expires_at = now + uow.policy.sessions.lasts
    uow.accounts.begin_session(account.id, token_sha256, kind="person", moment=now, expires_at=expires_at)
    return recognise(uow, token_sha256), expires_at


def sign_out(uow: UnitOfWork, token_sha256: bytes) -> None:
    """End a session; it is gone for open streams too."""
    found = uow.accounts.recognised(token_sha256)
    uow.accounts.end_session(token_sha256)
    if found is not None:
        gone_unless_signed_in(uow, found.account_id)


def sign_out_everywhere(uow: UnitOfWork, actor: Actor) -> None:
    """End all sessions of a person, this one too: for a phone that was lost."""
    if actor.account_id is not None:
        uow.accounts.end_sessions(actor.account_id)
        gone_unless_signed_in(uow, actor.account_id)


def change_passphrase(uow: UnitOfWork, actor: Actor, old: str, new: str, *, token_sha256: bytes, cost: Cost) -> None:
    """Give oneself another passphrase; all sessions but this one end.

    Raises
    ------
    WrongAliasOrPassphrase
        The old one is not right.
    PassphraseTooShort, PassphraseTooLong, PassphraseCommon
        The new one will not do.
    """
    passphrases.check(new)
    account = uow.accounts.get(actor.account_id or 0)
    if not passphrases.matches(account.passphrase_hash, old, cost):
        raise WrongAliasOrPassphrase
    account.passphrase_hash = passphrases.hashed(new, cost)
    uow.accounts.end_sessions(account.id, but=token_sha256)


def script_token(
    uow: UnitOfWork,
    roles: Collection[Role],
    *,
    token_sha256: bytes,
    alias: str | None = None,
    lasts: timedelta = SCRIPT_LASTS,
) -> str:
    """Begin a script's session at the console, for an account or for a new one of these roles; return its alias.

    The session is held to these roles, whatever else the account may do.

    Raises
    ------
    NoSuchAlias
        There is no such account, or it is suspended.
    TokenTooLong
        More than 30 days were asked for.
    """
    if not timedelta(0) < lasts <= SCRIPT_LONGEST:
        raise TokenTooLong
    if alias is None:
        account = enrolling.add(uow, roles, kind="script")
    else:
        found = uow.accounts.find(alias)
        if found is None or found.suspended_at is not None or not {*map(str, roles)} <= {*found.roles}:
            raise NoSuchAlias
        account = found
    now = uow.outside_now
    uow.accounts.begin_session(account.id, token_sha256, kind="script", moment=now, expires_at=now + lasts, roles=roles)
    uow.audits.note(None, "make a token", "session", now.date())
    return account.alias
