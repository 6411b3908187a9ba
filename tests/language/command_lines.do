* names, and punctuation right after them
summarize
summarize x y
mixed, level(90)
mixed,level(90) ==> mixed, level(90)
di"x" ==> di "x"
gen x=1 ==> gen x = 1
list,clean ==> list, clean
2sls help
reg y x,

* if, in, weights and using, in any order
list x if y > 3
list x if y==3 in 1/10 ==> list x if y == 3 in 1/10
list x in 1/10 if y==3 ==> list x if y == 3 in 1/10
list in 5 ==> list in 5/5
list in f/10 ==> list in 1/10
list in 1/l ==> list in 1/-1
list in -3/l ==> list in -3/-1
list in -3/L ==> list in -3/-1
list in 1/6,sepby(id) ==> list in 1/6, sepby(id)
keep if(x>1) ==> keep if x > 1
count if tolist & !treat & b1 < 0
regress y x [aw=w]
regress y x [pweight = finalwgt], vce(robust) ==> regress y x [pweight=finalwgt], vce(robust)
regress y x [aw=1/x] if z ==> regress y x if z [aw=1 / x]
regress y x[fw=n] ==> regress y x [fw=n]
regress y [=w] ==> regress y [=w]
merge m:1 id using "data/x.dta", keep(match)
merge 1:1 id using ols ==> merge 1:1 id using "ols"
use id x if y < 3 using "a b.dta", clear ==> use id x if y < 3 using "a b.dta", clear
use "a if b.dta", clear
use https://www.stata-press.com/data/r18/pig, clear
use "C:\data\x.dta"
list x if inlist(a,1,2) & "in" == b ==> list x if inlist(a, 1, 2) & "in" == b
list x if y == "a, b" , clean ==> list x if y == "a, b", clean
keep inc1 ifx using1
graph export in.png

* assignments
generate x = a==b ==> generate x = a==b
replace x=1 if y ==> replace x = 1 if y
egen y = mean(x), by(g)
gen double z = x[_n-1] if _n > 1
generate b0 = _b[_cons] + re_cons
test a = b = 0, small
test 0.girl#c.age = 1.girl#c.age
statsby sa=_b[_cons] sb=_b[iqvc], by(schoolnr) ==> statsby sa = _b[_cons] sb=_b[iqvc], by(schoolnr)
ivregress = variavel instrumental
list x if y = 3 ==> list x = 3 if y
gen x = y != z & a <= b
menl weight = {phi1:}+({phi2:}-{phi1:})*exp(-{phi3:}*time), define(phi1: U1[tree], xb)
menl circumf = {phi1: U1[tree], xb}/(1+exp(-(age-{b2})/{b3}))
predict double (phi1 = {phi1:})

* options
predict x, pr(.,log(90)) marginal
margins, dydx(ses) at(clsize=(15(5)40)) vsquish
graph twoway (line weight age, connect(ascending)), by(girl)
twoway scatter y x, title("a, (b") ylabel(0(.1).8)
mixed sleep i.month, residuals(un,t(month))nolog ==> mixed sleep i.month, residuals(un,t(month)) nolog
list x, a(b (c) "d)") e ==> list x, a(b (c) "d)") e
list x, level (90) ==> list x, level(90)
summarize x, detail, if y > 2 ==> summarize x if y > 2, detail
summarize x, detail, if y > 2, format ==> summarize x if y > 2, detail format
label define yesno 0 "no" 1 "yes", replace
display `"a "b" c"' ==> display `"a "b" c"'
regress y i.(a b)##c.x L(1/2).y, vce(cluster id)

* equations
mixed weight week || id: week
mixed weight week || id: week, cov(un)nolog || _all: R.week, nocons ==> mixed weight week || id: week, cov(un) nolog || _all: R.week, nocons
melogit c_use i.urban, nofvlabel|| district: ==> melogit c_use i.urban, nofvlabel || district:
mixed sleep i.month ||id:,noconstant residuals(un,t(month)) nolog ==> mixed sleep i.month || id:, noconstant residuals(un,t(month)) nolog
meglm lnor || trial: std, nocons constraints(1)
twoway scatter y x if z == 1 || lfit y x, legend(off)
list x if a | b

* errors
list if ==> r(198) invalid syntax
list in ==> r(198) invalid syntax
list in x ==> r(198) 'x' invalid observation number
list in 1/x ==> r(198) '1/x' invalid observation number
list x if y if z ==> r(198) invalid syntax
list x in 1 in 2 ==> r(198) invalid syntax
list x if y + ==> r(198) invalid syntax
list x if y 3 ==> r(198) invalid '3'
regress y [aw=] ==> r(198) invalid syntax
regress y [aw=x ==> r(132) too many '(' or '['
gen x = ==> r(198) invalid syntax
etable, a(b, c), showstars b ==> r(198) invalid 'showstars'
list x, a(b)(c) ==> r(198) invalid '(c)'
list x, "a" ==> r(198) invalid '"a"'
list "abc ==> r(132) too few quotes
list x) ==> r(132) too many ')' or ']'
list (x ==> r(132) too many '(' or '['
menl y = {b1} + {b2 ==> r(198) unmatched open brace
menl y = b1} ==> r(198) unmatched close brace
