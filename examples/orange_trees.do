* A nonlinear growth curve with random effects: five orange trees.
*
* The circumference of five trees was measured at seven ages (Draper and
* Smith 1998, Pinheiro and Bates 2000, sec. 8.1). Each tree grows along a
* logistic curve, and the size it grows to varies from tree to tree. Shown
* here: expressions with parameters and random effects, named expressions,
* predictions, residual structures, and functions of the estimates.

webuse orange
list in 1/7

* phi1 is the size of a full-grown tree, phi2 the age at which half of it is
* reached, phi3 the scale of time. nlme reports 191.05, 722.56 and 344.16,
* a log likelihood of -131.5846 and standard deviations of 31.48 and 7.85.
menl circumf = {phi1:}/(1+exp(-(age-{phi2})/{phi3})), ///
    define(phi1: U1[tree], xb)
display "log likelihood " %9.4f e(ll)
menl, stddeviations noheader

* How large is each tree going to be?
predict (size = {phi1:})
predict u, reffects reses(error)
by tree, sort: generate first = _n == 1
list tree size u error if first

* The same curves without the random effects, and what is left of the data.
predict typical, fixedonly
predict residual, residuals
summarize typical residual

* The age at which a tree reaches nine tenths of its size.
nlcom (age90: _b[/phi2] + _b[/phi3] * ln(9))
estat sd
estat recovariance

* Does the age at half size vary between trees too? Is the variance constant?
estimates store size
quietly menl circumf = {phi1:}/(1+exp(-(age-{phi2:})/{phi3})), ///
    define(phi1: U1[tree], xb) define(phi2: U2[tree], xb)
estimates store both
lrtest size both, stats
quietly menl circumf = {phi1:}/(1+exp(-(age-{phi2})/{phi3})), ///
    define(phi1: U1[tree], xb) resvariance(power _yhat, noconstant)
estimates store power
lrtest size power
