"""Who belongs to the network: signed in and recognised, vouched for, suspended."""

from desk.accounts.enrolling import (
    READS_REPORTS,
    add,
    change_roles,
    code_for,
    free_alias,
    give_passphrase,
    lift_suspension,
    make_voucher,
    new_code,
    read_code,
    redeem,
    suspend,
)
from desk.accounts.signing import (
    change_passphrase,
    is_proved,
    recognise,
    recognise_all,
    script_token,
    sign_in,
    sign_out,
    sign_out_everywhere,
    still_signed_in,
)
from desk.accounts.waiting import WaitingKey, waiting_key

__all__ = [
    "READS_REPORTS",
    "WaitingKey",
    "add",
    "change_passphrase",
    "change_roles",
    "code_for",
    "free_alias",
    "give_passphrase",
    "is_proved",
    "lift_suspension",
    "make_voucher",
    "new_code",
    "read_code",
    "recognise",
    "recognise_all",
    "redeem",
    "script_token",
    "sign_in",
    "sign_out",
    "sign_out_everywhere",
    "still_signed_in",
    "suspend",
    "waiting_key",
]
