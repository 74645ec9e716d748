"""What is to be seen of a customer, weighed for each kind of customer: log-likelihoods, rows × kinds. For the oracle alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of each order what was bought (`orders`) and that nothing came back (`silence`); of each application how an honest
    and how an abusive one would look (`honest`, `abusive`), and the same with what was found in the parcel."""

    orders: Floats
    silence: Floats
    honest: Floats
    abusive: Floats
    honest_found: Floats
    abusive_found: Floats


def log_share(shares: Floats, happened: Flags, could: Flags) -> Floats:
    """The log-likelihood of a yes or no that each kind says with its own share; nothing is seen where it could not be.

    `shares` has an entry a kind, or a row of them for each yes or no.
    """
    with np.errstate(divide="ignore"):
        yes, no = np.log(shares), np.log1p(-shares)
    chosen = np.where(happened[:, None], yes, no)
    return np.where(could[:, None], chosen, 0.0)


def add_by(total: Floats, owner: Integers, more: Floats) -> None:
    """Add rows of `more` to the rows of `total` that own them; owners must be in order and each must own a row."""
    if len(owner):
        firsts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
        total[owner[firsts]] += np.add.reduceat(more, firsts, axis=0)
