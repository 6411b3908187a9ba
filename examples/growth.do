* Random intercepts and slopes: reaction times of sleep-deprived drivers.
*
* Eighteen people slept three hours a night for ten days, and their reaction
* time was measured each day (Belenky et al. 2003). It is lme4's first
* example (Bates, Maechler, Bolker, and Walker 2015): each person has a
* level and a trend of their own. Shown here: REML and ML, covariance
* structures, likelihood-ratio and Wald tests, and what shrinkage does.

webuse sleepstudy
notes

* Restricted maximum likelihood; lme4 reports -2 times this log likelihood
* as 1743.628.
mixed reaction days || subject: days, covariance(unstructured) reml
display "REML criterion " %9.4f -2 * e(ll)
estat recovariance
estat recovariance, correlation

* Reaction times correlate the more the closer the days, and spread as time
* goes on.
estat wcorrelation, at(subject = 308) format(%5.2f)

* Models with other random parts are compared by maximum likelihood.
mixed reaction days || subject: days, covariance(unstructured) nolog
estimates store unstructured
quietly mixed reaction days || subject: days
estimates store independent
quietly mixed reaction days || subject:
estimates store intercept
lrtest unstructured independent
lrtest independent intercept
estimates stats intercept independent unstructured

* The trend: ten milliseconds more a day?
estimates restore independent
test days = 10
lincom _cons + 9 * days

* Each person's line is drawn towards the average one.
predict u_days u_cons, reffects
generate own_slope = _b[days] + u_days
bysort subject (days): ///
    generate crude_slope = (reaction[_N] - reaction[1]) / 9
format own_slope crude_slope %6.2f
list subject crude_slope own_slope if days == 0, noobs clean abbrev(12)
summarize own_slope crude_slope if days == 0
