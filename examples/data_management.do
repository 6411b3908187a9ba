* Making data: generate, label, sort, save, and read again.
*
* Orange trees were measured seven times (Draper and Smith 1998). Shown
* here: new variables, labels and notes, results within groups, missing
* values, storage types, files, and checks that stop a do-file when
* something is not as it should be.

webuse orange
describe

* New variables, some of them from the observation before.
generate double years = age / 365.25
bysort tree (age): generate int growth = circumf - circumf[_n-1]
by tree: generate byte visit = _n
by tree: egen largest = max(circumf)
generate byte big = largest > 170 if !missing(largest)
list tree visit years circumf growth largest if tree <= 2, sepby(tree) noobs

* Explain what is there.
label variable years "Age in years"
label variable growth "Growth since the visit before (mm)"
label variable big "Size at the end"
label define sizes 0 "small" 1 "large"
label values big sizes
notes growth: missing at the first visit
format years %4.1f
describe
notes
tabulate visit big

* Missing values count as larger than any number, so say what you mean.
count if growth > 40
count if growth > 40 & !missing(growth)
assert missing(growth) == (visit == 1)
replace growth = .a if visit == 1
label define reasons .a "first visit"
label values growth reasons
list tree visit growth in 1/3

* Texts and numbers.
generate name = "tree " + string(tree)
encode name, generate(tree_name)
label list tree_name
drop name

* The smallest types that hold the values; then a file in this folder, and
* back again.
compress
order tree tree_name visit
local file orange_measured.dta
save "`file'", replace
clear
use tree visit circumf if visit == 7 using "`file'"
gsort -circumf
generate rank = _n
list, noobs clean
summarize circumf
assert r(N) == 5 & r(max) == 214

* One observation for each tree: keep the last, then put the trees back in
* order.
use "`file'", clear
bysort tree (visit): keep if _n == _N
keep tree circumf big
sort tree
list
