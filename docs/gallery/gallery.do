* the pictures of the gallery; scripts/gallery runs this file in its folder
set scheme stcolor

webuse sleepstudy, clear
sort subject days
label variable reaction "Reaction time (ms)"
label variable days "Days of sleep deprivation"
twoway connected reaction days, connect(L) title("One line a subject")
graph export lines.png, width(600) replace

scatter reaction days if subject < 337, by(subject, note("Nine subjects")) ///
    msymbol(Oh) ylabel(200(100)500)
graph export panels.png, width(750) replace

quietly mixed reaction days || subject: days, covariance(unstructured)
predict fitted, fitted
predict rs, rstandard
twoway (scatter reaction days) (line fitted days, lwidth(thick)) ///
    if inlist(subject, 308, 309, 370), by(subject, rows(1)) ///
    legend(order(1 "observed" 2 "fitted") position(6) rows(1))
graph export fits.png, width(750) replace

qnorm rs, ytitle("Standardized residuals") yline(-2 2, lpattern(dash)) name(q)
histogram rs, normal name(h) xtitle("Standardized residuals")
graph combine q h, title("Residuals of mixed")
graph export residuals.png, width(750) replace

twoway (lfitci reaction days) (scatter reaction days, msize(small)) ///
    (lowess reaction days, lpattern(dash)), ytitle("Reaction time (ms)") scheme(s2color)
graph export smoothers.png, width(700) replace

graph box reaction, over(days) scheme(s1mono)
graph export boxes.png, width(700) replace

webuse bangladesh, clear
graph hbar (mean) c_use, over(urban) over(children) ///
    blabel(bar, format(%4.2f)) ytitle("Proportion that uses contraception")
graph export bars.png, width(750) replace

twoway (function y = normalden(x), range(-4 4)) ///
    (function y = tden(3, x), range(-4 4) lpattern(dash)), ///
    legend(order(1 "normal" 2 "{it:t} with 3 df") ring(0) position(1)) ///
    title("{&phi}({it:x}) and its heavier relative") xtitle(x) ytitle(density)
graph export functions.png, width(750) replace
