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
