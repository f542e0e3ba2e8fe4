from core.errors import Conflict, InvalidInput


class CodeRefused(InvalidInput):
    """The code of a verification does not fit."""

    code = "code_refused"
    sentence = "That is not the code we sent."


class MethodUnusable(Conflict):
    """The contact method is not verified or is switched off."""

    code = "method_unusable"
    sentence = "This contact method is not verified yet or is switched off."
