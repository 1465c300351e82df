"""What all openings of one registered Repository share.

A Repository is opened anew when its spec or secret changes, while requests still use the one before. Both must take
turns in synchronising, and both must leave the index alone once the Repository is unregistered.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass(slots=True)
class Registration:
    """Of the Repository object with this uid. `read`: the index has seen its refs; `ended`: nothing of it may be
    indexed any more, which transactions check, so whatever they wrote before is still found and forgotten. `doubt`: its
    copy on this machine may be damaged; `damage` is what was found in one that cannot be made anew, `checked` when.
    `touched` are the refs that requests have moved since a synchronisation began that is under way. `dotted`: a package
    path has a dot, None while nobody has looked; `clashes` is what was said of names then.
    """

    uid: str
    syncing: threading.RLock = field(default_factory=threading.RLock)
    read: bool = False
    ended: bool = False
    doubt: bool = False
    damage: str = ""
    checked: float = float("-inf")
    touched: set[str] = field(default_factory=set)
    dotted: bool | None = None
    clashes: str | None = None
