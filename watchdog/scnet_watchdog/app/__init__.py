"""The composition root: settings → adapters → engine → runtime. Everything is built here.

Nobody below builds what they use; each receives it as an argument.
"""

from .compose import Manner
from .life import exit_code, live, run
from .places import state_place

__all__ = ["Manner", "exit_code", "live", "run", "state_place"]
