* numbers and missing values
1
1.
.5
1e-3
1.e3
1d5
1.5x+3
.
.a
.z
x == .a
x < .

* strings
"a b"
""
`"say "hello""' + "b"
`"outer `"inner"' text"'
`"plain"' ==> "plain"
"Foreign":origin
"don't"

* precedence, from the tightest operator to the loosest
!a == b
!(a == b)
~a == b ==> !a == b
!!a
!-a
-!a
-2^2
(-2)^2
2^-2
2^3^2
2^(3^2)
-2^2*3 ==> -2^2 * 3
!2^2
2*-3 ==> 2 * -3
-(2*3) ==> -(2 * 3)
--2
a-b-c ==> a - b - c
a-(b-c) ==> a - (b - c)
a/b*c ==> a / b * c
a/(b*c) ==> a / (b * c)
a+b*c^d ==> a + b * c^d
(a+b)*c ==> (a + b) * c
a==b==c ==> a == b == c
a==(b==c) ==> a == (b == c)
a~=b ==> a != b
a<=b&b>=c|d ==> a <= b & b >= c | d
a|b&c ==> a | b & c
(a|b)&c ==> (a | b) & c
a & !treat
x+1>y*2 ==> x + 1 > y * 2
((((x)))) ==> x

* functions, subscripts, stored results
runiform()
cond(x > 3, 1, 2)
inlist(day, 0, 4, 6)
ln(exp(x))
x[_n - 1]
x[_N]
A[1, 2]
A["row", "col"]
e(N)
r(mean)
c(pi)
s(x)
e(b)[1, 2]
e(sample)
r(table)["b", 1]
sum(x[_n-1]) ==> sum(x[_n - 1])

* coefficients
_b[x]
_coef[x] ==> _b[x]
_se[_cons]
_b[eq:x]
[eq]_b[x] ==> _b[eq:x]
[eq]x ==> _b[eq:x]
[eq]_se[x] ==> _se[eq:x]
[#1]x ==> _b[#1:x]
_b[eq:1.a#c.x]
_b[ 1.a#c.x ] ==> _b[1.a#c.x]
_b[/subject:var(U0)]
_b[/var(_cons[school])]
_b[_cons] + _b[week] * 3
[a]1.g#c.x ==> _b[a:1.g#c.x]

* operators on variables
1.group
2b.g
L.x ==> l.x
L2D.x ==> l2d.x
F.x - L.x ==> f.x - l.x
c.x
1.e5x
1.x3 + 1

* names that look like something else
_n
_pi
e
r + s
if
inc
élan

* errors
 ==> r(198) invalid syntax
x + ==> r(198) invalid syntax
+ ==> r(198) invalid syntax
agee** 3 ==> r(198) invalid syntax
a b ==> r(198) invalid 'b'
3 4 ==> r(198) invalid '4'
x "a" ==> r(198) invalid '"a"'
2x ==> r(198) 2x invalid name
1b == 2 ==> r(198) 1b invalid name
'begin_year' ==> r(198) 'begin_year' invalid name
`begin_year` ==> r(198) `begin_year` invalid name
x@y ==> r(198) @y invalid name
a = b ==> r(198) invalid syntax
a == ==> r(198) invalid syntax
a === b ==> r(198) invalid syntax
a || b ==> r(198) invalid syntax
a => b ==> r(198) invalid syntax
foo.x ==> r(198) foo: operator invalid
i.x ==> r(198) i: operator invalid
"abc ==> r(132) too few quotes
`"abc" ==> r(132) too few quotes
"a" + "b ==> r(132) too few quotes
(1 + 2 ==> r(132) too many '(' or '['
1 + 2) ==> r(132) too many ')' or ']'
x[1 ==> r(132) too many '(' or '['
x[1)] ==> r(132) too many ')' or ']'
f(,) ==> r(198) invalid syntax
f(a,,b) ==> r(198) invalid syntax
x[] ==> r(198) invalid syntax
x[1, 2, 3] ==> r(198) invalid syntax
() ==> r(198) invalid syntax
missing (rep78) ==> r(111) missing not found
[eq] ==> r(198) invalid syntax
_b[] ==> r(198) invalid syntax
