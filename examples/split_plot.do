* A split-plot experiment: tests and comparisons of means.
*
* Eight subjects watch for signals, four of them for sounds and four for
* lights, and are scored in each of four hours; two scores are missing. The
* kind of signal varies between subjects, the hour within them, so that F
* tests need denominator degrees of freedom. Shown here: Kenward and Roger's
* method, tests of terms, simple effects, interaction contrasts, pairwise
* comparisons and their adjustment.

webuse vptscores
describe

mixed score signal##hour || subject:, reml dfmethod(kroger) nolog

* The analysis of variance of the experiment, for a small sample.
contrast signal##hour, small

* Where do the signals differ? At each hour, then from hour to hour.
contrast r.signal@hour, small pveffects nowald
contrast r.signal#ar.hour, small pveffects nowald
matrix interaction = r(table)

* The trend over the hours.
contrast p.hour, small noeffects

* All pairs of hours, averaged over signals.
pwcompare hour, small
pwcompare hour, mcompare(bonferroni) pveffects small
matrix pairs = r(table_vs)
pwcompare hour, groups
