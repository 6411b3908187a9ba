"""The Python programs that are compared: one of them, on one workload, fitting in turns.

``python -m benchmarks.peers PROGRAM WORKLOAD`` is started by `benchmarks.run`.  Timed is the fit
from a data frame in memory: design matrices, groups, optimisation, standard errors.  Imports and
reading are not timed.
"""

import importlib
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.generalized_workloads import GeneralizedWorkload
from benchmarks.turns import Fit, installed_version, serve
from benchmarks.workloads import WORKLOADS, AnyWorkload

# The peers live in an environment of their own, so they are not known where types are checked.
Module = Any


def glmm(module: Module, workload: AnyWorkload, data: pd.DataFrame) -> float:
    if isinstance(workload, GeneralizedWorkload):
        family = {"logit": "binomial", "negative binomial": "negativebinomial"}
        name = family.get(workload.family, workload.family)
        fit = module.fit(data, workload.formula, name, nagq=workload.points)
        return float(fit.loglik)
    satterthwaite = workload.df_method == "satterthwaite"
    fit = module.fit(
        data, workload.formula, "gaussian", reml=workload.restricted, satterthwaite=satterthwaite
    )
    if not fit.converged:
        raise RuntimeError("not converged")
    return float(fit.loglik)


def gpboost(module: Module, workload: AnyWorkload, data: pd.DataFrame) -> float:
    if not isinstance(workload, GeneralizedWorkload):
        raise NotImplementedError("timed on the generalized workloads only")
    names = {"logit": "bernoulli_logit", "negative binomial": "negative_binomial"}
    # By default it estimates the log determinant of crossed effects by random vectors.
    method = "default" if len(workload.groups) == 1 else "cholesky"
    model = module.GPModel(
        group_data=data[list(workload.groups)].to_numpy(),
        likelihood=names.get(workload.family, workload.family),
        matrix_inversion_method=method,
    )
    fixed = np.column_stack([np.ones(len(data)), data[list(workload.fixed)]])
    model.fit(y=data["y"].to_numpy(), X=fixed)
    model.get_coef(std_err=True, format_pandas=False)
    return -float(model.get_current_neg_log_likelihood())


def mixedlm(module: Module, workload: AnyWorkload, data: pd.DataFrame) -> float:
    if isinstance(workload, GeneralizedWorkload):
        raise NotImplementedError("timed on the linear workloads only")
    fit = module.lmer(workload.formula, data, REML=workload.restricted)
    fit.vcov()
    if not fit.converged:
        raise RuntimeError("not converged")
    if workload.df_method == "satterthwaite":
        module.satterthwaite_df(fit)
    elif workload.df_method:
        module.kenward_roger_df(fit)
    likelihood = fit.logLik()
    return float(getattr(likelihood, "value", likelihood))


def statsmodels(module: Module, workload: AnyWorkload, data: pd.DataFrame) -> float:
    if isinstance(workload, GeneralizedWorkload):
        raise NotImplementedError("timed on the linear workloads only")
    if workload.crossed:
        raise NotImplementedError("crossed effects only with matrices as long as the data")
    outer, *inner = workload.groups
    fixed = np.column_stack([np.ones(len(data)), data[list(workload.fixed)]])
    if inner:
        formula = f"y ~ {' + '.join(workload.fixed)}"
        components = {inner[0]: f"0 + C({inner[0]})"}
        model = module.MixedLM.from_formula(
            formula, data, groups=outer, re_formula="1", vc_formula=components
        )
    else:
        effects = fixed[:, :1]
        if workload.slope:
            effects = np.column_stack([effects, data[workload.slope]])
        model = module.MixedLM(data["y"].to_numpy(), fixed, data[outer].to_numpy(), effects)
    fit = model.fit(reml=workload.restricted)
    if not fit.converged:
        raise RuntimeError("not converged")
    return float(fit.llf)


PROGRAMS: dict[str, Callable[[Module, AnyWorkload, pd.DataFrame], float]] = {
    "glmm": glmm,
    "gpboost": gpboost,
    "mixedlm": mixedlm,
    "statsmodels": statsmodels,
}
MODULES = {"statsmodels": "statsmodels.api"}


def prepared(program: str, workload: AnyWorkload) -> Fit:
    """Import the program and read the data; what remains is to fit."""
    module = importlib.import_module(MODULES.get(program, program))
    data = pd.read_stata(workload.dta)
    fit = PROGRAMS[program]
    return lambda: fit(module, workload, data)


def main() -> None:
    warnings.simplefilter("ignore")
    program, name = sys.argv[1], sys.argv[2]
    serve(installed_version(program), prepared(program, WORKLOADS[name]))


if __name__ == "__main__":
    main()
