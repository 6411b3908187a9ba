1
1 2 3
1, 2, 3 ==> 1 2 3
1/5
3/1
0(5)20
4(-1)1
0(.1)1
10[5]30 ==> 10(5)30
1 3 to 9 ==> 1(2)9
1 3:9 ==> 1(2)9
1 2 5 10 to 20 ==> 1 2 5(5)20
-1.5 +2 1e3 ==> -1.5 +2 1e3
. .a
1/3 7 9(2)13

a ==> r(121) invalid numlist
1 to 5 ==> r(121) invalid numlist
1/ ==> r(121) invalid numlist
1//2 ==> r(121) invalid numlist
1(2 ==> r(132) too many '(' or '['
1()2 ==> r(121) invalid numlist
1,,2 ==> r(121) invalid numlist
1(2)(3) ==> r(121) invalid numlist
x1 ==> r(121) invalid numlist
2/3 to 9 ==> r(121) invalid numlist
