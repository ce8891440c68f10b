"""The invented city told to the desk, through its verbs: settled once, then it lives."""

from api.demo.life import live
from api.demo.loading import load, logins

__all__ = ["live", "load", "logins"]
