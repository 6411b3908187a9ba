"""The 64-bit Mersenne Twister, Stata's generator ``mt64``.

Nishimura (2000), "Tables of 64-bit Mersenne twisters", and Matsumoto and Nishimura (1998): 312
words of 64 bits, x[k+312] = x[k+156] ⊕ (upper 33 bits of x[k] | lower 31 bits of x[k+1]) A,
tempered.  ``set seed #`` starts it by the multiplicative recurrence of its authors; a uniform
number is the upper 53 bits of a word, divided by 2^53.  With these choices ``runiform()``,
``runiform(a, b)``, ``runiformint(a, b)`` and ``rweibull(a, b)`` give the sequences that
StataCorp has published for ``set seed 98034`` and ``set seed 2414830``.
"""

from __future__ import annotations

import numpy as np

_SIZE = 312
_MIDDLE = 156
_UPPER = np.uint64(0xFFFFFFFF80000000)
_LOWER = np.uint64(0x7FFFFFFF)
_TWIST = np.uint64(0xB5026F5AA96619E9)
_ONE = np.uint64(1)
_WORD = 0xFFFFFFFFFFFFFFFF
_RESOLUTION = 2.0**-53


class MersenneTwister64:
    """A stream of random 64-bit words and of uniform numbers on (0, 1).

    ``seed`` is any integer, of which 64 bits are used.
    """

    def __init__(self, seed: int = 123456789) -> None:
        words = [seed & _WORD]
        for i in range(1, _SIZE):
            last = words[-1]
            words.append((6364136223846793005 * (last ^ (last >> 62)) + i) & _WORD)
        self._state = np.array(words, dtype=np.uint64)
        self._ready = np.empty(0, dtype=np.uint64)
        self._next = 0

    def copy(self) -> MersenneTwister64:
        """A generator that will give the same numbers."""
        twin = MersenneTwister64.__new__(MersenneTwister64)
        twin._state = self._state.copy()
        twin._ready = self._ready
        twin._next = self._next
        return twin

    def words(self, size: int) -> np.ndarray:
        """The next ``size`` words, ``uint64``."""
        available = len(self._ready) - self._next
        if size > available:
            rounds = -(-(size - available) // _SIZE)
            fresh = self._generate(rounds)
            self._ready = np.concatenate([self._ready[self._next :], fresh])
            self._next = 0
        taken = self._ready[self._next : self._next + size]
        self._next += size
        return taken

    def uniform(self) -> float:
        """The next uniform number."""
        return (int(self.words(1)[0]) >> 11) * _RESOLUTION or _RESOLUTION

    def uniforms(self, size: int) -> np.ndarray:
        """The next ``size`` uniform numbers; a zero, once in 2^53, becomes 2^-53."""
        numbers = (self.words(size) >> np.uint64(11)).astype(np.float64)
        np.maximum(numbers, 1.0, out=numbers)
        numbers *= _RESOLUTION
        return numbers

    def _generate(self, rounds: int) -> np.ndarray:
        raw = np.empty((rounds, _SIZE), dtype=np.uint64)
        state = self._state
        for row in raw:
            mixed = (state[:-1] & _UPPER) | (state[1:] & _LOWER)
            twisted = (mixed >> _ONE) ^ ((mixed & _ONE) * _TWIST)
            np.bitwise_xor(state[_MIDDLE:], twisted[:_MIDDLE], out=row[:_MIDDLE])
            np.bitwise_xor(row[: _MIDDLE - 1], twisted[_MIDDLE:], out=row[_MIDDLE:-1])
            last = (state[-1] & _UPPER) | (row[0] & _LOWER)
            row[-1] = row[_MIDDLE - 1] ^ (last >> _ONE) ^ ((last & _ONE) * _TWIST)
            state = row
        self._state = state.copy()
        words = raw.reshape(-1)
        words ^= (words >> np.uint64(29)) & np.uint64(0x5555555555555555)
        words ^= (words << np.uint64(17)) & np.uint64(0x71D67FFFEDA60000)
        words ^= (words << np.uint64(37)) & np.uint64(0xFFF7EEE000000000)
        words ^= words >> np.uint64(43)
        return words
