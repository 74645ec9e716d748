"""The one kind of error that reaches a user: its message names the thing, the place and the way out."""


class UserError(Exception):
    """Something the user can mend. Command lines print it without a traceback and exit with 1."""
