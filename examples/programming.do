* Programming: macros, loops, conditions, stored results and captured
* errors.
*
* The same model for several outcomes and methods, with results picked from
* e(); then a small simulation: how well does REML find a variance that we
* know?

version 18
webuse productivity

* A list of covariates in one place, and a model for each way to estimate
* it.
local covariates private emp hwy water other unemp
foreach method in mle reml {
    quietly mixed gsp `covariates' || region: || state:, `method'
    display "`e(method)'" _column(8) "log likelihood " %10.4f e(ll) ///
        "   residual sd " %6.4f exp(_b[lnsig_e:_cons])
}

* One covariate after the other, and whether its coefficient is significant.
local n : word count `covariates'
forvalues i = 1/`n' {
    local name : word `i' of `covariates'
    local label : variable label `name'
    local z = _b[`name'] / _se[`name']
    local p = 2 * normal(-abs(`z'))
    if `p' < 0.001 {
        local stars "***"
    }
    else local stars ""
    display %-10s "`name'" %8.4f _b[`name'] %8.2f `z' " `stars'" ///
        _column(34) "`label'"
}

* A mistake need not end the work.
capture mixed gsp nothing || state:
display "return code " _rc
capture noisily mixed gsp private || stat: , covariance(wrong)
if _rc {
    display "no such model"
}

* Results by region: a loop over the values that occur.
forvalues r = 1/9 {
    quietly count if region == `r'
    local observations = r(N)
    quietly summarize unemp if region == `r'
    display "region `r': " %4.0f `observations' ///
        " observations, unemployment " %4.2f r(mean)
}

* Simulate 20 datasets with a variance of 4 between 30 groups of 5, and
* average the estimates.
clear
set seed 20240101
local replications 20
local groups 30
scalar total = 0
forvalues k = 1/`replications' {
    clear
    quietly set obs `=`groups' * 5'
    quietly generate id = ceil(_n / 5)
    quietly bysort id: generate double u = rnormal(0, 2) if _n == 1
    quietly by id: replace u = u[1]
    quietly generate double x = rnormal()
    quietly generate double y = 1 + 0.5 * x + u + rnormal()
    quietly mixed y x || id:, reml
    scalar total = total + exp(2 * _b[lns1_1_1:_cons])
}
scalar average = total / `replications'
display "average estimate of the variance: " %5.3f average ", true value 4"
assert abs(average - 4) < 1
clear
