"""The 64-bit Mersenne Twister and the random-number functions."""

from __future__ import annotations

import numpy as np
import pytest

from statalike.data.missing import MISSING
from statalike.language.functions.mersenne_twister import MersenneTwister64
from tests.language.expression_session import ExpressionSession


def draws(text: str, n: int, seed: int = 98034) -> np.ndarray:
    session = ExpressionSession(random=MersenneTwister64(seed))
    session.dataset.set_observations(n)
    return np.array(session.column(text), dtype=float)


def _plain_words(seed: int, count: int) -> list[int]:
    """Another writing of the generator, with Python's integers, word by word."""
    everything = (1 << 64) - 1
    state = [seed]
    for i in range(1, 312):
        state.append((6364136223846793005 * (state[-1] ^ (state[-1] >> 62)) + i) & everything)
    words = []
    for k in range(count):
        i = k % 312
        mixed = (state[i] >> 31 << 31) | (state[(i + 1) % 312] & 0x7FFFFFFF)
        state[i] = state[(i + 156) % 312] ^ (mixed >> 1) ^ (0xB5026F5AA96619E9 * (mixed & 1))
        word = state[i]
        word ^= (word >> 29) & 0x5555555555555555
        word ^= (word << 17) & 0x71D67FFFEDA60000
        word ^= (word << 37) & 0xFFF7EEE000000000
        words.append(word ^ (word >> 43))
    return words


def test_words_of_the_generator() -> None:
    for seed in (5489, 12345):
        assert MersenneTwister64(seed).words(1000).tolist() == _plain_words(seed, 1000)


def test_stata_numbers_after_set_seed_12345() -> None:
    # The values Stata 14 and later list after "set seed 12345".
    source = MersenneTwister64(12345)
    first = [source.uniform() for _ in range(4)]
    np.testing.assert_allclose(first, [0.3576297, 0.4004426, 0.6893833, 0.5597356], atol=5e-8)


def test_published_summaries() -> None:
    """StataCorp's blog of 10 March 2016, "How to generate random numbers in Stata"."""
    session = ExpressionSession(random=MersenneTwister64(98034))
    session.dataset.set_observations(10_000)
    for text, mean, deviation, least, most in (
        ("runiform()", 0.5004244, 0.2865088, 0.0000502, 0.999969),
        ("runiform(1, 2)", 1.495698, 0.2887136, 1.000088, 1.999899),
        ("runiformint(0, 100)", 49.9804, 29.19094, 0.0, 100.0),
    ):
        x = np.array(session.column(text), dtype=float)
        got = [x.mean(), x.std(ddof=1), x.min(), x.max()]
        np.testing.assert_allclose(got, [mean, deviation, least, most], rtol=1e-6, atol=5e-8)


def test_published_weibull_summary() -> None:
    """StataCorp's page on random-number generators: set seed 2414830, rweibull(3, 1)."""
    x = draws("rweibull(3, 1)", 1000, seed=2414830)
    got = [x.mean(), x.std(ddof=1), x.min(), x.max()]
    np.testing.assert_allclose(got, [0.907414, 0.3235842, 0.1243035, 1.930414], rtol=1e-6)


def test_pieces_and_copies_give_the_same_sequence() -> None:
    whole = MersenneTwister64(7).uniforms(2000)
    source = MersenneTwister64(7)
    pieces = [source.uniforms(k) for k in (1, 0, 310, 2, 700)]
    twin = source.copy()
    rest = source.uniforms(987)
    np.testing.assert_array_equal(np.concatenate([*pieces, rest]), whole)
    np.testing.assert_array_equal(twin.uniforms(987), rest)
    assert MersenneTwister64(7).uniform() == whole[0]


def test_single_values_and_columns_draw_the_same() -> None:
    session = ExpressionSession()
    singles = [session.display("rnormal()") for _ in range(5)]
    np.testing.assert_array_equal(np.array(singles), draws("rnormal()", 5, seed=12345))


def test_only_chosen_rows_draw() -> None:
    session = ExpressionSession()
    session.dataset.set_observations(10)
    chosen = session.column("runiform()", np.array([3, 7]))
    assert chosen == draws("runiform()", 2, seed=12345).tolist()


@pytest.mark.parametrize(
    ("text", "mean", "variance"),
    [
        ("runiform(-1, 3)", 1.0, 16 / 12),
        ("runiformint(1, 6)", 3.5, 35 / 12),
        ("runiformint(-2.5, 3.9)", 0.0, 4.0),
        ("rnormal()", 0.0, 1.0),
        ("rnormal(5)", 5.0, 1.0),
        ("rnormal(5, 2)", 5.0, 4.0),
        ("rexponential(3)", 3.0, 9.0),
        ("rweibull(2, 1)", np.sqrt(np.pi) / 2, 1 - np.pi / 4),
        ("rweibullph(1, 2)", 0.5, 0.25),
        ("rlogistic()", 0.0, np.pi**2 / 3),
        ("rlogistic(2)", 0.0, 4 * np.pi**2 / 3),
        ("rlogistic(1, 2)", 1.0, 4 * np.pi**2 / 3),
        ("rlaplace(1, 2)", 1.0, 8.0),
        ("rgamma(2.5, 3)", 7.5, 22.5),
        ("rchi2(4)", 4.0, 8.0),
        ("rt(9)", 0.0, 9 / 7),
        ("rbeta(2, 3)", 0.4, 0.04),
        ("rpoisson(.3)", 0.3, 0.3),
        ("rpoisson(1000)", 1000.0, 1000.0),
        ("rbinomial(10, .3)", 3.0, 2.1),
        ("rbinomial(100000, .0001)", 10.0, 9.999),
        ("rnbinomial(2.5, .4)", 3.75, 9.375),
        ("rhypergeometric(50, 20, 10)", 4.0, 10 * 0.4 * 0.6 * 40 / 49),
    ],
)
def test_moments(text: str, mean: float, variance: float) -> None:
    n = 40_000
    x = draws(text, n)
    assert abs(x.mean() - mean) < 5 * np.sqrt(variance / n)
    assert x.var() == pytest.approx(variance, rel=0.06)


def test_discrete_variates_invert_the_distribution() -> None:
    u = draws("runiform()", 500)
    for name, cumulative in (
        ("rpoisson(6)", "poisson(6, {k})"),
        ("rbinomial(12, .2)", "binomial(12, {k}, .2)"),
        ("rnbinomial(3, .4)", "nbinomial(3, {k}, .4)"),
        ("rhypergeometric(30, 10, 8)", "hypergeometric(30, 10, 8, {k})"),
    ):
        k = draws(name, 500)
        session = ExpressionSession()
        session.dataset.set_observations(500)
        session.dataset.add("k", k)
        upper = np.array(session.column(cumulative.format(k="k")))
        lower = np.array(session.column(cumulative.format(k="(k-1)")))
        assert (k >= 0).all()
        assert (upper >= u).all(), name
        assert (lower < u).all(), name


def test_bad_parameters_are_missing() -> None:
    for text in (
        *("rnormal(0, -1)", "rgamma(-1, 1)", "rbinomial(0, .5)", "rpoisson(0)", "rbeta(0, 1)"),
        *("runiformint(3, 1)", "rnormal(.)", "rt(-1)", "rexponential(0)", "rbinomial(5, 2)"),
        *("runiform(1, .)", "runiformint(., 1)", "rnbinomial(1, 0)"),
    ):
        assert set(draws(text, 3).tolist()) == {MISSING}, text
        assert ExpressionSession().display(text) == MISSING, text


def test_parameters_vary_by_observation() -> None:
    session = ExpressionSession()
    session.dataset.set_observations(4)
    session.dataset.add("m", np.array([0.0, 100.0, MISSING, 1e6]))
    x = session.column("rnormal(m, 1)")
    assert x[2] == MISSING
    assert abs(float(x[1]) - 100) < 6
    k = session.column("runiformint(m, m + 1)")
    assert k[0] in (0.0, 1.0)
    assert k[2] == MISSING
    assert k[3] in (1e6, 1e6 + 1)


def test_no_observations() -> None:
    session = ExpressionSession()
    for text in ("runiform()", "rpoisson(3)", "runiformint(1, 2)"):
        assert session.column(text) == []
