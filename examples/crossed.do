* Crossed random effects: years and states.
*
* What 48 states of the United States produced in 17 years (Munnell 1990;
* Baltagi, Song, and Jung 2001). States lie in regions, but years are not
* nested in states, nor states in years: a bad year is one for all of them.
* Shown here: R.varname, ways to write one model, predictions, and tests
* that allow for the small number of years.

webuse productivity
tabulate region

* _all is one group of all observations; R.year gives it an effect for each
* year. States within regions are levels below.
mixed gsp private emp unemp || _all: R.year || region: || state:
scalar ll = e(ll)

* Regions and states can be written with R. too: state numbers do not begin
* again in each region. The model is the same.
mixed gsp private emp unemp ///
    || _all: R.year || _all: R.region || _all: R.state, nolog noheader
display "difference of the log likelihoods " %8.6f abs(e(ll) - ll)

* Exchangeable effects of the states of a region are correlated: a variance,
* and a covariance that is the variance of the region above.
mixed gsp private emp unemp || _all: R.year ///
    || region: R.state, covariance(exchangeable) nolog nofetable

* Do years differ at all, beside what unemployment says of them?
quietly mixed gsp private emp unemp || _all: R.year || region: || state:
estimates store years
quietly mixed gsp private emp unemp || region: || state:
lrtest years .
estimates restore years

* Predicted effects: a variable for each year, one for regions and one for
* states; fitted values with years only, and with everything.
predict year*, reffects relevel(_all)
predict of_region, reffects relevel(region)
predict of_state, reffects relevel(state)
predict fit_years, fitted relevel(_all)
predict fit, fitted
describe year*
list state year year1 year17 of_region of_state fit in 1/3, noobs
summarize gsp fit_years fit

* Tests that allow for the small numbers of years and regions.
mixed gsp private emp unemp || _all: R.year || region: || state:, ///
    reml dfmethod(kroger) nolog noheader noretable
estat df, method(kroger residual)
test unemp, small
