META
key;value
description;Port Linden neighbourhood budget 2026
country;US
unit;Port Linden
instance;2026
num_projects;8
num_votes;40
budget;200000
vote_type;approval
rule;greedy
date_begin;01.09.2026
date_end;20.09.2026
min_length;1
max_length;4
language;en
currency;USD
comment;Invented: no such city, no such vote
PROJECTS
project_id;cost;votes;name;category;selected;latitude;longitude
4;61000;25;Safe crossing at Linden Street School;streets;1;44.5633;-67.5449
1;42000;20;Benches and shade trees along Harbor Walk;public space;1;44.5571;-67.5402
5;24500;16;Rain gardens on Cooper Row;environment;1;44.559;-67.5551
2;35500;14;Night lighting for the Mill Creek path;safety;1;44.5612;-67.5515
3;28000;12;Toy and tool library at the Old Ferry House;community;1;44.5554;-67.5468
8;54000;10;Outdoor stage in Lantern Park;culture;0;44.5649;-67.5527
7;19000;9;Bike racks at every bus stop;streets;0;44.5605;-67.548
6;88000;5;Repair of the public fishing pier;public space;0;44.5538;-67.5389
VOTES
voter_id;vote;voting_method
pl-001;8,4,1;paper
pl-002;1,4,8,2;internet
pl-003;4;internet
pl-004;2;internet
pl-005;4,7,1,2;internet
pl-006;8,4,1,7;paper
pl-007;4,5,1;internet
pl-008;5,3,4,1;internet
pl-009;5;internet
pl-010;5,4,3;internet
pl-011;8,3,2,6;paper
pl-012;4;internet
pl-013;4,3,1,8;internet
pl-014;1,5,6;internet
pl-015;6,7,3,4;internet
pl-016;1,2,5;paper
pl-017;1;internet
pl-018;;internet
pl-019;5,7,3;internet
pl-020;3,4,2;internet
pl-021;1,2,4;paper
pl-022;1,4,7;internet
pl-023;7,2,4;internet
pl-024;5,3,2;internet
pl-025;2;internet
pl-026;5,1;paper
pl-027;2,1,4,3;internet
pl-028;5,4;internet
pl-029;5,6,4,7;internet
pl-030;4,1,5,2;internet
pl-031;1,4;paper
pl-032;1;internet
pl-033;4,8;internet
pl-034;1,7,5,2;internet
pl-035;4,1,8;internet
pl-036;4,1,3;paper
pl-037;4,5,2;internet
pl-038;3,5,8,6;internet
pl-039;8,7,5;internet
pl-040;4,8,3;internet
