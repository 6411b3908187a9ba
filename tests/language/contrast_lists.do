r.group
ar.month#r.group ==> ar.month#r.group
gender@schsize
a#b@c
r.a@b@c
schtype#c.ses
a##b|c
p(1 2).dose
x1-x3
a@ ==> r(198) invalid syntax
@a ==> r(198) @a invalid name
{a -1 0 1}
{a -1 .5 .5}@b ==> {a -1 0.5 0.5}@b
{a#b 1 -1 -1 1}#r.c
{a weights}
r(1 3)b5.marital q(2/6).dose gw.a
{a} ==> r(198) } invalid name
