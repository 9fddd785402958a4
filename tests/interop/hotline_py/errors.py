"""errors 1.1: the codes, and the exception that carries one."""

OK = 0
BAD_SIZE = 1
BAD_ENCODING = 2
BAD_FIELD = 3
BAD_NETWORK = 4
BAD_SUITE = 5
BAD_CARD = 6
NEED_CARD = 7
BAD_HASH = 8
BAD_SIGNATURE = 9
FEW_SIGNATURES = 10
NOT_PERMITTED = 11
NOT_MEMBER = 12
SUSPENDED = 13
DUPLICATE = 14
OVER_QUOTA = 15
NOT_ADDRESSED = 16
BAD_KEY = 17
BAD_OPEN = 18
BAD_COMMITMENT = 19
BAD_PADDING = 20
BAD_RECIPIENTS = 21
BAD_WRAP = 22
BAD_TYPE = 23
BAD_FORM = 24
EQUIVOCATION = 25
OLD_EPOCH = 26
UNKNOWN = 27
TROUBLE = 28
BAD_HANDSHAKE = 29
BAD_VERSION = 30
BUSY = 31
STALE = 32

NAMES = {value: name.lower().replace("_", "-")
         for name, value in list(globals().items())
         if isinstance(value, int) and not name.startswith("_")}


class HlError(Exception):
    """A refusal, with its code of errors 1.1."""

    def __init__(self, code, what=""):
        super().__init__("%d %s: %s" % (code, NAMES[code], what))
        self.code = code


def need(condition, code, what=""):
    """Refuses with the code unless the condition holds."""
    if not condition:
        raise HlError(code, what)
