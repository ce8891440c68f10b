"""Run the command line."""

from web.commands import app

if __name__ == "__main__":
    app(prog_name="tandem")
