* Contraception in Bangladesh: probabilities and effects on them, averaged
* over women and over the random effects of districts.
webuse bangladesh, clear
quietly melogit c_use i.urban##c.age i.children || district:, nolog

* The probability in the country and in town, for women as they are.
margins urban
matrix found = r(b)

* The same by hand: everybody is put in town, and predictions averaged.
generate own = urban
replace urban = 1
predict double probability, marginal
summarize probability
scalar difference = r(mean) - found[1, 2]
display "difference from the mean of predictions " %9.6f difference
replace urban = own

* How much a year of age and a first child change it.
margins, dydx(age children)

* Town against country at several ages, and a graph of both.
margins urban, at(age=(-15(5)15)) vsquish
marginsplot, recastci(rarea) ciopts(color(%30)) nodraw
margins r.urban, at(age=(-15(5)15)) contrast(nowald effects) noatlegend

* Districts in the middle, with random effects of zero: a function of the
* coefficients alone, and different from the mean over districts.
margins urban, predict(mu fixedonly)

* Families of different sizes compared with each other.
margins children, pwcompare(effects) mcompare(bonferroni)
