* A curve for each group: follicles of mares through the oestrous cycle.
*
* Pierson and Ginther (1987) counted the large follicles of eleven mares
* daily; time runs from 0 to 1 between two ovulations. A sine and a cosine
* describe the cycle (Pinheiro and Bates 2000). Shown here: transformed
* covariates, random coefficients of a curve, models with polynomials and
* factor notation, and predictions at the level of the population and of the
* mare.

webuse ovary
describe

* One cycle for all mares, each at a level of her own.
mixed follicles sin1 cos1 || mare:
estimates store level

* The size of the cycle varies too.
mixed follicles sin1 cos1 || mare: sin1, nolog
estimates store cycle
lrtest level cycle

* By restricted maximum likelihood: what Pinheiro and Bates report.
mixed follicles sin1 cos1 || mare: sin1, reml stddeviations nolog

* Amplitude of the average cycle, and the time of its lowest point.
estimates restore cycle
display "amplitude " %5.3f sqrt(_b[sin1]^2 + _b[cos1]^2)
generate double phase = atan2(_b[sin1], _b[cos1]) / (2 * _pi)
display "highest at " %5.3f mod(phase[1], 1) ///
    ", lowest at " %5.3f mod(phase[1] + 0.5, 1)

* A second harmonic adds little.
generate double sin2 = sin(4 * _pi * stime)
generate double cos2 = cos(4 * _pi * stime)
quietly mixed follicles sin1 cos1 sin2 cos2 || mare: sin1
test sin2 cos2

* The population's curve and each mare's.
estimates restore cycle
predict average, xb
predict own, fitted
predict r, rstandard
format average own %5.2f
list mare stime follicles average own if mare <= 2 & mod(time, 6) == 0, ///
    sepby(mare) noobs
summarize r
count if abs(r) > 3

* A parabola in its place: c. marks continuous variables, ## their
* interaction with the parts.
mixed follicles c.stime##c.stime ///
    || mare: stime, covariance(unstructured) nolog
