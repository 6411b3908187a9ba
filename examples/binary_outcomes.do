* Contraception in the districts of Bangladesh: logistic models with
* random intercepts and random slopes (Bangladesh Fertility Survey 1989).
webuse bangladesh, clear

* Districts differ: the intercept is random.
melogit c_use i.urban age i.children || district:, nolog
scalar ll = e(ll)
estat icc

* So does the difference between town and country.
estimates store intercept
melogit c_use i.urban age i.children || district: i.urban, ///
    covariance(unstructured) nolog or
estimates store slope
lrtest intercept slope

* Probabilities with the districts' own effects, and the effects with
* their standard errors.
predict probability
predict u_urban u_cons, reffects reses(se_urban se_cons)
by district, sort: generate first = _n == 1
list district u_urban se_urban u_cons se_cons if first & district <= 5
