* Three levels: years within states within regions of the United States.
*
* Does public capital raise what a state produces? The data are those of
* Munnell (1990), 48 states in 9 regions over 17 years, as analysed by
* Baltagi, Song, and Jung (2001). Shown here: a model with two levels of
* random intercepts, where the variance lies, and predictions for each
* group.

webuse productivity
describe
summarize gsp private emp hwy water other unemp

* The outcome and its covariates come first, then a level for each ||, the
* largest groups first.
mixed gsp private emp hwy water other unemp || region: || state:
scalar ll = e(ll)

* How the observations fall into groups, and which share of the residual
* variance is between them.
estat group
estat icc
display "Two states of a region have correlation " %5.3f r(icc3)

* Standard deviations are easier to read than variances.
estat sd

* Predicted random effects with their standard errors; one line a state is
* enough.
predict u_region u_state, reffects reses(se_region se_state)
bysort region state: generate byte first = _n == 1
list region state u_region se_region u_state se_state ///
    if first & region <= 2, sepby(region) noobs abbreviate(9)

* Fitted values with all random effects, and with those of the region only.
predict fit, fitted
predict fit_region, fitted relevel(region)
generate square = (gsp - fit)^2
generate square_region = (gsp - fit_region)^2
summarize square square_region

* Is the effect of highways the same as that of water and sewer systems?
test hwy = water
lincom hwy + water + other
