* A survey in districts: description first, then a linear model with a
* random intercept.
*
* Of 1,934 women of the Bangladesh Fertility Survey of 1989 (Huq and Cleland
* 1990), in 60 districts, we know age, children, and whether they use
* contraception. Shown here: looking at data, tables, results by groups,
* factor variables, and a hypothesis about several coefficients.

webuse bangladesh
describe
codebook c_use children
label list childlbl

* Who uses contraception?
tabulate c_use
tabulate children c_use, row chi2
tabulate urban, summarize(age)
bysort urban: summarize age
bysort urban c_use: count

* How large the districts are.
egen size = count(age), by(district)
egen byte one = tag(district)
summarize size if one, detail

* Age by place and number of children; women of a district may be alike.
mixed age i.urban i.children || district:
estat icc
display "share of the variance between districts: " %6.4f r(icc2)

* Do children matter?  Is every child worth the same number of years?
testparm i.children
test (2.children = 2 * 1.children) (3.children = 3 * 1.children)
lincom 3.children - 2.children

* Does it differ between town and country?
mixed age i.urban##i.children || district:, nolog noretable
testparm i.urban#i.children

* Districts with the oldest women, given their families.
quietly mixed age i.urban i.children || district:
predict u, reffects
gsort -u
list district u size if one & abs(u) > 1, noobs
