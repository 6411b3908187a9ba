* names, patterns and ranges
x
a b c
x1-x5
x1 - x5 ==> x1-x5
_all
a* b?c ~d e~f *
élan1

* factor variables
i.a
c.x
ib3.g
ib(last).g
ib(freq).g
ib(#2).g
ibn.g
bn.g
io2.g
o.x
o2.g
i2.g
2.g
3bn.g
3b.g
i(1 3/5).g 2.g
i( 1 3/5 ).g ==> i(1 3/5).g
i.(a b)
I.a ==> i.a
R.id ==> r.id

* interactions
a#b
a##b##c
a##b#c
i.a##c.x
i.a#i.b
(a b)#c
i.a##(c.x c.z)
i.(a b)##(c.x c.z)#d
(a#b)#c
a#(b#c)
a # b ==> a#b
i.group##(i.trtphase c.obsday1m c.obsday2m)
i.(x1-x3)#c.z

* time series
L.x ==> l.x
L2.x ==> l2.x
L(1/3).x ==> l(1/3).x
L(0 2).x ==> l(0 2).x
F2.x D.x S12.x ==> f2.x d.x s12.x
L.D.x ==> l.d.x
LD2.x ==> ld2.x
cL.x ==> cl.x
L.(x y) ==> l.(x y)
i.x1-x3 ==> i.(x1-x3)
c.(L.x) ==> c.(l.x)

* errors
5 ==> r(198) 5 invalid name
a 5 b ==> r(198) 5 invalid name
a,b ==> r(198) , invalid name
"a" ==> r(198) "a" invalid name
i. ==> r(198) . invalid name
i. x ==> r(198) . invalid name
x-y-z ==> r(198) - invalid name
a- ==> r(198) invalid syntax
a# ==> r(198) invalid syntax
#a ==> r(198) #a invalid name
a###b ==> r(198) #b invalid name
(a b ==> r(132) too many '(' or '['
a) ==> r(132) too many ')' or ']'
() ==> r(198) ) invalid name
i.(a ==> r(132) too many '(' or '['
a=b ==> r(198) = invalid name
a@b ==> r(198) @b invalid name
a[1] ==> r(198) [ invalid name
