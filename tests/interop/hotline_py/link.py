"""link: the page in one place; see noise, records and frames."""

from .frames import *  # noqa: F401,F403
from .noise import *  # noqa: F401,F403
from .records import *  # noqa: F401,F403
