"""How a command ends when it cannot do what was asked."""

OK, FAILED, USAGE, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 130


class Stop(Exception):
    """End here with a sentence for people, a hint what to do next, a code for programs and an exit code."""

    def __init__(self, message: str, *, hint: str = "", code: str = "failed", exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
        self.exit_code = exit_code


class Usage(Stop):
    """The command is wrong as it was typed."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint, code="usage", exit_code=USAGE)
