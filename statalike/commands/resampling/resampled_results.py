"""What e() says of results that a resampling prefix has made of those of a command."""

from __future__ import annotations

from statalike.commands.resampling.collected_statistics import Collection
from statalike.results.stores import Results


def post_names(results: Results, collection: Collection, prefix: str, title: str) -> None:
    """What e() says of the prefix and of expressions; variances of before are forgotten."""
    scalars, macros = results.scalars, results.macros
    for name in ("V_modelbased", "table", "V_df", "df"):
        results.matrices.pop(name, None)
    for name in ("F", "N_clust", "ll_c", "chi2_c", "df_c", "p_c"):
        scalars.pop(name, None)
    for name in ("ddf_m", "df_max", "df_avg", "df_min"):
        scalars.pop(name, None)
    for name in ("clustvar", "dfmethod", "dftitle", "dfopts"):
        macros.pop(name, None)
    macros |= {"prefix": prefix, "vce": prefix, "vcetype": prefix.capitalize()}
    macros["properties"] = "b V"
    if not collection.coefficients:
        macros |= {"cmd": prefix, "title": title}
        scalars["k_exp"] = float(len(collection.statistics))
        for i, statistic in enumerate(collection.statistics, 1):
            macros[f"exp{i}"] = statistic.text
