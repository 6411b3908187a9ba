"""Statistical functions against values computed with 50 digits, published tables and identities.

The table was made with mpmath from the functions' definitions (incomplete gamma functions by
series, incomplete beta functions through the hypergeometric function, discrete distributions by
summing their probabilities).
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statalike.data.missing import MISSING
from tests.language.expression_session import ExpressionSession

REFERENCE = [
    ("lnnormal(-38)", -726.5572160188201),
    ("normal(-20)", 2.7536241186062337e-89),
    ("lnnormal(-20)", -203.91715537109727),
    ("normal(-8.5)", 9.479534822203318e-18),
    ("lnnormal(-8.5)", -39.19739642821767),
    ("normal(-3)", 0.0013498980316300946),
    ("lnnormal(-3)", -6.607726221510349),
    ("normal(-1.96)", 0.024997895148220435),
    ("lnnormal(-1.96)", -3.688963651729639),
    ("normal(-.1)", 0.460172162722971),
    ("lnnormal(-.1)", -0.7761545927302733),
    ("normal(0)", 0.5),
    ("lnnormal(0)", -0.6931471805599453),
    ("normal(1)", 0.8413447460685429),
    ("lnnormal(1)", -0.17275377902344988),
    ("normal(5.5)", 0.9999999810104375),
    ("lnnormal(5.5)", -1.8989562646189464e-08),
    ("invnormal(1e-300)", -37.0470962993612),
    ("invnormal(1e-50)", -14.933337534788489),
    ("invnormal(1e-10)", -6.361340902404057),
    ("invnormal(.025)", -1.9599639845400543),
    ("invnormal(.3)", -0.5244005127080408),
    ("invnormal(.5000001)", 2.506628273311648e-07),
    ("invnormal(.975)", 1.9599639845400538),
    ("invnormal(.999999)", 4.753424308817087),
    ("ttail(1,3)", 0.10241638234956672),
    ("t(1,3)", 0.8975836176504333),
    ("tden(1,3)", 0.03183098861837907),
    ("ttail(2,.001)", 0.49964644669779507),
    ("t(2,.001)", 0.500353553302205),
    ("tden(2,.001)", 0.35355312542839656),
    ("ttail(4,12)", 0.00013821427425148649),
    ("t(4,12)", 0.9998617857257485),
    ("tden(4,12)", 4.503259330862599e-05),
    ("ttail(10,2.5)", 0.015723422118304402),
    ("t(10,2.5)", 0.9842765778816956),
    ("tden(10,2.5)", 0.02693872762824446),
    ("ttail(3.7,40)", 2.569312491070749e-06),
    ("t(3.7,40)", 0.9999974306875089),
    ("tden(3.7,40)", 2.3720923102132936e-07),
    ("ttail(30,-1.5)", 0.927967035435677),
    ("t(30,-1.5)", 0.072032964564323),
    ("tden(30,-1.5)", 0.12896160173967175),
    ("ttail(100,9)", 7.680385257375208e-15),
    ("t(100,9)", 0.9999999999999923),
    ("tden(100,9)", 3.8641708215471804e-14),
    ("ttail(1e5,3)", 0.0013502304420323595),
    ("t(1e5,3)", 0.9986497695579677),
    ("tden(1e5,3)", 0.004432535356805863),
    ("ttail(5,1e-8)", 0.4999999962039331),
    ("t(5,1e-8)", 0.5000000037960669),
    ("tden(5,1e-8)", 0.3796066898224944),
    ("ttail(7,1e6)", 1.3205206763259189e-40),
    ("t(7,1e6)", 1.0),
    ("tden(7,1e6)", 9.243644734223917e-46),
    ("ttail(250,25)", 2.919964523511787e-70),
    ("t(250,25)", 1.0),
    ("tden(250,25)", 2.088989256944e-69),
    ("chi2(1,3.84)", 0.9499564787512949),
    ("chi2tail(1,3.84)", 0.050043521248705106),
    ("chi2den(1,3.84)", 0.02984688748306056),
    ("chi2(1,100)", 1.0),
    ("chi2tail(1,100)", 1.523970604832105e-23),
    ("chi2den(1,100)", 7.69459862670642e-24),
    ("chi2(3,.001)", 8.40791905804616e-06),
    ("chi2tail(3,.001)", 0.9999915920809419),
    ("chi2den(3,.001)", 0.012609356355490783),
    ("chi2(10,30)", 0.9991433587892247),
    ("chi2tail(10,30)", 0.0008566412107753004),
    ("chi2den(10,30)", 0.00032263135365426937),
    ("chi2(100,50)", 6.953305247616099e-06),
    ("chi2tail(100,50)", 0.9999930466947524),
    ("chi2den(100,50)", 3.6021642652022015e-06),
    ("chi2(1000,1200)", 0.9999877440576693),
    ("chi2tail(1000,1200)", 1.2255942330622905e-05),
    ("chi2den(1000,1200)", 1.07724943014962e-06),
    ("chi2(5.5,200)", 1.0),
    ("chi2tail(5.5,200)", 7.443188176972418e-41),
    ("chi2den(5.5,200)", 3.6571157517071115e-41),
    ("chi2(2,1e-10)", 4.999999999875e-11),
    ("chi2tail(2,1e-10)", 0.99999999995),
    ("chi2den(2,1e-10)", 0.499999999975),
    ("chi2(1e5,1.01e5)", 0.9871311596227663),
    ("chi2tail(1e5,1.01e5)", 0.012868840377233669),
    ("chi2den(1e5,1.01e5)", 7.370910720612463e-05),
    ("F(1,10,4.96)", 0.9499123494335318),
    ("Ftail(1,10,4.96)", 0.05008765056646819),
    ("Fden(1,10,4.96)", 0.019063646921380267),
    ("F(3,20,50)", 0.9999999982239317),
    ("Ftail(3,20,50)", 1.7760683360454812e-09),
    ("Fden(3,20,50)", 3.1154599855148106e-10),
    ("F(5,5,.01)", 5.242913357854934e-05),
    ("Ftail(5,5,.01)", 0.9999475708664215),
    ("Fden(5,5,.01)", 0.01292206654847515),
    ("F(2,1000,12)", 0.999992920188739),
    ("Ftail(2,1000,12)", 7.079811261048173e-06),
    ("Fden(2,1000,12)", 6.913878184617356e-06),
    ("F(100,3,1.2)", 0.4786380982879166),
    ("Ftail(100,3,1.2)", 0.5213619017120834),
    ("Fden(100,3,1.2)", 0.3711892761844567),
    ("F(4.5,7.5,300)", 0.9999999782962159),
    ("Ftail(4.5,7.5,300)", 2.170378407299798e-08),
    ("Fden(4.5,7.5,300)", 2.6940445954990067e-10),
    ("F(1,1,1e-12)", 6.366197723673691e-07),
    ("Ftail(1,1,1e-12)", 0.9999993633802277),
    ("Fden(1,1,1e-12)", 318309.88618347235),
    ("F(50,60,1)", 0.50328249493476),
    ("Ftail(50,60,1)", 0.49671750506524004),
    ("Fden(50,60,1)", 1.4664371944689956),
    ("ibeta(2,3,.4)", 0.5248),
    ("ibetatail(2,3,.4)", 0.47519999999999996),
    ("betaden(2,3,.4)", 1.728),
    ("ibeta(.5,.5,.001)", 0.020135041633377492),
    ("ibetatail(.5,.5,.001)", 0.9798649583666225),
    ("betaden(.5,.5,.001)", 10.070879119947094),
    ("ibeta(20,1,.99)", 0.8179069375972308),
    ("ibetatail(20,1,.99)", 0.18209306240276926),
    ("betaden(20,1,.99)", 16.52337247671173),
    ("ibeta(150,200,.3)", 1.956133101463379e-07),
    ("ibetatail(150,200,.3)", 0.9999998043866899),
    ("betaden(150,200,.3)", 4.3333352701897073e-05),
    ("gammap(.5,2)", 0.9544997361036416),
    ("gammaptail(.5,2)", 0.04550026389635842),
    ("gammaden(.5,2,1,2)", 0.24197072451914334),
    ("gammap(10,1)", 1.1142547833872067e-07),
    ("gammaptail(10,1)", 0.9999998885745217),
    ("gammaden(10,2,1,1)", 0.0),
    ("gammap(3,40)", 0.9999999999999964),
    ("gammaptail(3,40)", 3.572865928700226e-15),
    ("gammaden(3,2,1,40)", 3.230478345907502e-07),
    ("gammap(250,250)", 0.508410626968991),
    ("gammaptail(250,250)", 0.491589373031009),
    ("gammaden(250,2,1,250)", 1.6399444111119734e-23),
    ("binomial(10,3,.3)", 0.6496107184000001),
    ("binomialtail(10,3,.3)", 0.6172172135999999),
    ("binomialp(10,3,.3)", 0.266827932),
    ("binomial(1000,100,.2)", 8.731206511212267e-18),
    ("binomialtail(1000,100,.2)", 1.0),
    ("binomialp(1000,100,.2)", 4.888236873767679e-18),
    ("binomial(50,0,.01)", 0.6050060671375367),
    ("binomialtail(50,0,.01)", 1.0),
    ("binomialp(50,0,.01)", 0.6050060671375367),
    ("binomial(50,50,.9)", 1.0),
    ("binomialtail(50,50,.9)", 0.00515377520732012),
    ("binomialp(50,50,.9)", 0.00515377520732012),
    ("binomial(7,6,.999)", 0.006979034965020999),
    ("binomialtail(7,6,.999)", 0.999979069895084),
    ("binomialp(7,6,.999)", 0.006958104860104964),
    ("poisson(2.5,3)", 0.7575761331330659),
    ("poissontail(2.5,3)", 0.45618688411667047),
    ("poissonp(2.5,3)", 0.21376301724973645),
    ("poisson(100,60)", 1.0812218170244077e-05),
    ("poissontail(100,60)", 0.9999936584965726),
    ("poissonp(100,60)", 4.470714742875306e-06),
    ("poisson(100,150)", 0.9999987669055809),
    ("poissontail(100,150)", 1.88421046603867e-06),
    ("poissonp(100,150)", 6.511160468786342e-07),
    ("poisson(.01,4)", 0.9999999999991735),
    ("poissontail(.01,4)", 4.1334718262633404e-10),
    ("poissonp(.01,4)", 4.125207640621534e-10),
    ("poisson(1e4,10100)", 0.8425485756351695),
    ("poissontail(1e4,10100)", 0.15986309936412071),
    ("poissonp(1e4,10100)", 0.002411674999290214),
    ("nbinomial(3,4,.4)", 0.5800960000000001),
    ("nbinomialtail(3,4,.4)", 0.5443199999999999),
    ("nbinomialp(3,4,.4)", 0.124416),
    ("nbinomial(2.5,30,.5)", 0.9999999762405651),
    ("nbinomialtail(2.5,30,.5)", 4.5393056550930716e-08),
    ("nbinomialp(2.5,30,.5)", 2.1633621664700716e-08),
    ("nbinomial(100,80,.3)", 9.459711374162693e-13),
    ("nbinomialtail(100,80,.3)", 0.9999999999994031),
    ("nbinomialp(100,80,.3)", 3.490890413373921e-13),
    ("hypergeometricp(50,20,10,3)", 0.2259296293959298),
    ("hypergeometric(50,20,10,3)", 0.3649682867768368),
    ("hypergeometricp(1000,900,500,440)", 0.009154617492947366),
    ("digamma(1e-9)", -1000000000.5772156),
    ("trigamma(1e-9)", 9.999999999999999e17),
    ("lngamma(1e-9)", 20.723265836369194),
    ("digamma(.5)", -1.9635100260214235),
    ("trigamma(.5)", 4.934802200544679),
    ("lngamma(.5)", 0.5723649429247001),
    ("digamma(10.25)", 2.277704790686724),
    ("trigamma(10.25)", 0.10247452151799187),
    ("lngamma(10.25)", 13.368023671476045),
    ("digamma(100)", 4.600161852738087),
    ("trigamma(100)", 0.010050166663333571),
    ("lngamma(100)", 359.1342053695754),
    ("trigamma(-2.3)", 14.725912160961292),
    ("digamma(-2.3)", 3.3173231575618227),
    ("binormal(1,0.5,0.3)", 0.6093086777999955),
    ("binormal(-1,2,-0.7)", 0.1402198541940397),
    ("binormal(0,0,0.5)", 0.3333333333333333),
    ("binormal(1.5,1.4,0.999)", 0.9192158606318661),
    ("binormal(-2,-2.5,0.9)", 0.0053329310610661365),
]


def value(text: str) -> float:
    result = ExpressionSession().display(text)
    assert isinstance(result, float)
    return result


@pytest.mark.parametrize(("text", "expected"), REFERENCE)
def test_reference_values(text: str, expected: float) -> None:
    assert value(text) == pytest.approx(expected, rel=2e-13, abs=1e-307)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("chi2(0, 1)", MISSING),
        ("chi2(2, -1)", 0.0),
        ("chi2tail(2, -1)", 1.0),
        ("chi2(., 1)", MISSING),
        ("Ftail(2, 3, -1)", 1.0),
        ("F(2, 3, 0)", 0.0),
        ("F(0, 3, 1)", MISSING),
        ("ttail(-1, 0)", MISSING),
        ("ttail(5, 0)", 0.5),
        ("t(5, 0)", 0.5),
        ("invnormal(0)", MISSING),
        ("invnormal(1)", MISSING),
        ("invnormal(.5)", 0.0),
        ("invttail(5, .5)", 0.0),
        ("invttail(5, 0)", MISSING),
        ("normalden(0, 0)", MISSING),
        ("normalden(0)", 0.3989422804014327),
        ("normalden(1, 2)", 0.17603266338214976),
        ("normalden(3, 1, 2)", 0.12098536225957168),
        ("lnnormalden(3, 1, 2)", np.log(0.12098536225957168)),
        ("binomial(10, -1, .3)", 0.0),
        ("binomial(10, 10, .3)", 1.0),
        ("binomial(10, 3, 1.3)", MISSING),
        ("binomialtail(10, 0, .3)", 1.0),
        ("binomialtail(10, 11, .3)", 0.0),
        ("binomialp(10, 11, .3)", 0.0),
        ("binomialp(10, 0, 0)", 1.0),
        ("binomialp(10, 10, 1)", 1.0),
        ("binomialp(10, 3, 1)", 0.0),
        ("poissonp(2, -1)", 0.0),
        ("poissonp(2, 0)", np.exp(-2)),
        ("poisson(0, 1)", MISSING),
        ("poissontail(2, 0)", 1.0),
        ("nbinomial(3, -1, .5)", 0.0),
        ("exponential(2, 3)", -np.expm1(-1.5)),
        ("exponentialtail(2, -3)", 1.0),
        ("exponentialden(2, -3)", 0.0),
        ("exponentialden(2, 3)", np.exp(-1.5) / 2),
        ("weibull(2, 3, 4)", -np.expm1(-16 / 9)),
        ("weibull(2, 3, 1, 5)", -np.expm1(-16 / 9)),
        ("weibulltail(2, 3, 4)", np.exp(-16 / 9)),
        ("weibullden(2, 3, 4)", 8 / 9 * np.exp(-16 / 9)),
        ("weibullph(2, .5, 2)", -np.expm1(-2.0)),
        ("weibullphtail(2, .5, 2)", np.exp(-2.0)),
        ("weibullphden(2, .5, 2)", 2 * np.exp(-2.0)),
        ("logistic(0)", 0.5),
        ("logistic(2, 3)", 1 / (1 + np.exp(-1.5))),
        ("logistic(1, 2, 3)", 1 / (1 + np.exp(-1.0))),
        ("logistictail(1, 2, 3)", 1 / (1 + np.exp(1.0))),
        ("logisticden(0)", 0.25),
        ("cauchy(0, 1, 1)", 0.75),
        ("cauchytail(0, 1, 1e20)", 1e-20 / np.pi),
        ("cauchyden(0, 1, 0)", 1 / np.pi),
        ("laplace(0, 1, 0)", 0.5),
        ("laplacetail(0, 1, 50)", np.exp(-50.0) / 2),
        ("laplaceden(1, 2, 1)", 0.25),
    ],
)
def test_edges_and_simple_formulas(text: str, expected: float) -> None:
    assert value(text) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("text", "expected", "digits"),
    [
        # Pearson and Hartley (1966), Biometrika Tables for Statisticians I, tables 8, 12, 18, 29.
        ("invchi2tail(1, .05)", 3.84146, 5),
        ("invchi2tail(30, .005)", 53.6720, 4),
        ("invttail(10, .025)", 2.228, 3),
        ("invttail(1, .0005)", 636.619, 3),
        ("invFtail(4, 20, .05)", 2.87, 2),
        ("invFtail(1, 1, .025)", 647.8, 1),
        ("invtukeyprob(3, 10, .95)", 3.88, 2),
        ("invtukeyprob(10, 20, .95)", 5.01, 2),
        ("invtukeyprob(5, 60, .99)", 4.82, 2),
        ("invtukeyprob(20, ., .95)", 5.01, 2),
        ("invnormal(.975)", 1.959964, 6),
    ],
)
def test_published_tables(text: str, expected: float, digits: int) -> None:
    assert round(value(text), digits) == expected


@pytest.mark.parametrize("df", [1, 2, 7.5, 40, 3000, 1e6])
@pytest.mark.parametrize("q", [0.01, 1, 3, 10])
def test_range_of_two_means_is_student_t(df: float, q: float) -> None:
    direct = value(f"1 - 2*ttail({df}, {q}/sqrt(2))")
    assert value(f"tukeyprob(2, {df}, {q})") == pytest.approx(direct, abs=3e-14)


def test_studentized_range_against_another_quadrature() -> None:
    from scipy.special import ndtr

    nodes, weights = np.polynomial.legendre.leggauss(400)
    z, wz = 9 * nodes, 9 * weights
    s, ws = 2 * (nodes + 1), 2 * weights
    for k, df, q in ((3, 10, 3.877), (10, 5, 2.0), (4, 12, 5.0), (50, 3, 8.0)):
        inner = np.array(
            [
                k
                * (np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * (ndtr(z + w) - ndtr(z)) ** (k - 1))
                @ wz
                for w in q * s
            ]
        )
        density = s ** (df - 1) * np.exp(-df * s * s / 2)
        moments = density @ ws
        assert value(f"tukeyprob({k}, {df}, {q})") == pytest.approx(
            inner @ (ws * density) / moments, rel=1e-9
        )


probability = st.floats(1e-12, 1 - 1e-9)
df = st.floats(0.3, 500)


@given(probability, df, df)
def test_inverses(p: float, a: float, b: float) -> None:
    for inverse, direct in (
        ("invttail({a}, {p})", "ttail({a}, {x})"),
        ("invt({a}, {p})", "t({a}, {x})"),
        ("invchi2({a}, {p})", "chi2({a}, {x})"),
        ("invchi2tail({a}, {p})", "chi2tail({a}, {x})"),
        ("invF({a}, {b}, {p})", "F({a}, {b}, {x})"),
        ("invFtail({a}, {b}, {p})", "Ftail({a}, {b}, {x})"),
        ("invgammap({a}, {p})", "gammap({a}, {x})"),
        ("invgammaptail({a}, {p})", "gammaptail({a}, {x})"),
        ("invexponential({a}, {p})", "exponential({a}, {x})"),
        ("invexponentialtail({a}, {p})", "exponentialtail({a}, {x})"),
        ("invweibull({a}, {b}, {p})", "weibull({a}, {b}, {x})"),
        ("invweibullph({a}, {b}, {p})", "weibullph({a}, {b}, {x})"),
        ("invweibulltail({a}, {b}, 0, {p})", "weibulltail({a}, {b}, 0, {x})"),
        ("invlogistic({a}, {b}, {p})", "logistic({a}, {b}, {x})"),
        ("invlogistictail({a}, {b}, {p})", "logistictail({a}, {b}, {x})"),
        ("invlaplace({a}, {b}, {p})", "laplace({a}, {b}, {x})"),
        ("invcauchy(0, {b}, {p})", "cauchy(0, {b}, {x})"),
        ("invnormal({p})", "normal({x})"),
        ("invpoisson(3, {p})", "poisson({x}, 3)"),
        ("invpoissontail(3, {p})", "poissontail({x}, 3)"),
        ("invbinomial(12, 5, {p})", "binomial(12, 5, {x})"),
        ("invbinomialtail(12, 5, {p})", "binomialtail(12, 5, {x})"),
        ("invnbinomial(2.5, 4, {p})", "nbinomial(2.5, 4, {x})"),
        ("invnbinomialtail(2.5, 4, {p})", "nbinomialtail(2.5, 4, {x})"),
    ):
        x = value(inverse.format(a=a, b=b, p=p))
        if 1e-290 < abs(x) < 1e290:
            assert value(direct.format(a=a, b=b, x=repr(x))) == pytest.approx(p, rel=1e-8), inverse


@given(st.floats(-30, 30), df)
def test_both_tails_add_up(x: float, a: float) -> None:
    for pair in (
        "t({a},{x}) + ttail({a},{x})",
        "chi2({a},{x}) + chi2tail({a},{x})",
        "F({a},3,{x}) + Ftail({a},3,{x})",
        "gammap({a},{x}) + gammaptail({a},{x})",
        "normal({x}) + normal(-({x}))",
        "cauchy(0,{a},{x}) + cauchytail(0,{a},{x})",
        "laplace(0,{a},{x}) + laplacetail(0,{a},{x})",
        "poisson({a},floor({x})) + poissontail({a},floor({x})+1)",
        "nbinomial({a},floor({x}),.3) + nbinomialtail({a},floor({x})+1,.3)",
        "binomial(20,floor({x}),.3) + binomialtail(20,floor({x})+1,.3)",
    ):
        assert value(pair.format(a=a, x=repr(x))) == pytest.approx(1.0, rel=1e-12), pair


@pytest.mark.parametrize(
    ("cumulative", "density", "at"),
    [
        ("t(4.5,{x})", "tden(4.5,{x})", 1.3),
        ("chi2(4.5,{x})", "chi2den(4.5,{x})", 1.3),
        ("F(4.5,7,{x})", "Fden(4.5,7,{x})", 1.3),
        ("ibeta(4.5,7,{x})", "betaden(4.5,7,{x})", 0.3),
        ("gammap(4.5,({x}-1)/2)", "gammaden(4.5,2,1,{x})", 5.0),
        ("weibull(1.5,7,{x})", "weibullden(1.5,7,{x})", 5.0),
        ("weibullph(1.5,.1,1,{x})", "weibullphden(1.5,.1,1,{x})", 5.0),
        ("logistic(1.5,7,{x})", "logisticden(1.5,7,{x})", 5.0),
        ("laplace(1.5,7,{x})", "laplaceden(1.5,7,{x})", 5.0),
        ("cauchy(1.5,7,{x})", "cauchyden(1.5,7,{x})", 5.0),
        ("exponential(1.5,{x})", "exponentialden(1.5,{x})", 2.0),
        ("normal(({x}-1)/2)", "normalden({x},1,2)", 2.0),
    ],
)
def test_density_is_the_derivative(cumulative: str, density: str, at: float) -> None:
    h = 1e-5
    difference = value(cumulative.format(x=at + h)) - value(cumulative.format(x=at - h))
    assert value(density.format(x=at)) == pytest.approx(difference / (2 * h), rel=1e-8)


def test_columns_and_missing_values() -> None:
    session = ExpressionSession()
    session.dataset.set_observations(4)
    session.dataset.add("x", np.array([1.0, MISSING, -1.0, 2.5]))
    for text in ("normal(x)", "chi2tail(3,x)", "Fden(3,4,x)", "tukeyprob(3,10,x)", "tden(5,x)"):
        got = session.column(text)
        assert got[1] == MISSING
        for i in (0, 2, 3):
            single = value(text.replace("x", f"({[1, 0, -1, 2.5][i]})"))
            assert got[i] == pytest.approx(single, rel=1e-14)
