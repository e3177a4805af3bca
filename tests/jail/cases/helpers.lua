--- filter_by_type: ok; result=["b","c"]
return extract_field(filter_by_type({{name = "a", type = "x"}, {name = "b", type = "y"}, {name = "c", entityType = "y"}}, "y"), "name")
--- filter_by_type of several and of a reply: ok; result=7
return #filter_by_type(search_nodes("x", 10), {"person", "place"})
--- filter_by_type of nothing: error; message=nil; line=1
filter_by_type({}, nil)
--- filter_by_type of no list: error; message=expected a list; line=1
filter_by_type(5, "x")
--- filter_by_confidence: ok; result=[0.5,0.9]
return extract_field(filter_by_confidence({{confidence = 0.5}, {metadata = {confidence = 0.9}}, {score = 0.1}, {}}, 0.5), function(e) return e.confidence or e.metadata.confidence end)
--- filter_by_date_range: ok; result=[2,3]
return extract_field(filter_by_date_range({{n = 1, created_at = "2026-01-31T23:59:59.999Z"}, {n = 2, created_at = "2026-02-01"}, {n = 3, created_at = "2026-02-28T23:59:59.5Z"}, {n = 4, created_at = "2026-03-01T00:00:00Z"}, {n = 5}}, "2026-02-01", "2026-02-28"), "n")
--- filter_by_date_range with a zone: ok; result=1
return #filter_by_date_range({{at = "2026-02-01T00:30:00+01:00"}}, nil, "2026-01-31")
--- filter_by_date_range in milliseconds: ok; result=1
return #filter_by_date_range({{at = 1790000000000}}, "2026-01-01", "2026-12-31")
--- filter_by_date_range with no date: error; message=is no date; line=1
filter_by_date_range({}, "yesterday")
--- top_n: ok; result=["b","a"]
return extract_field(top_n({{name = "a", score = 1}, {name = "b", score = 2}, {name = "c"}, {name = "d", score = 0}}, 2), "name")
--- top_n keeps the order of equals: ok; result=["a","b","c"]
return extract_field(top_n({{name = "a", score = 1}, {name = "b", score = 1}, {name = "c", score = 1}}, 5), "name")
--- top_n by text: ok; result=["c","b"]
return extract_field(top_n({{name = "a"}, {name = "c"}, {name = "b"}}, 2, "name"), "name")
--- top_n of mixed types: ok; result=4
return #top_n({{v = 1}, {v = "x"}, {v = true}, {v = 2.5}}, 10, "v")
--- group_by: ok; result={"x":[{"t":"x"},{"t":"x"}],"y":[{"t":"y"}],"(none)":[{}]}
return group_by({{t = "x"}, {t = "y"}, {t = "x"}, memory.object()}, "t")
--- group_by of nothing: ok; result={}
return group_by({}, "t")
--- group_by of a nested field: ok; result={"a":1,"b":1}
local g = group_by({{m = {s = "a"}}, {m = {s = "b"}}}, "m.s") return {a = #g.a, b = #g.b}
--- deduplicate: ok; result=[1,2,"2"]
return deduplicate({1, 2, 1, "2", 2})
--- deduplicate of tables: ok; result=2
return #deduplicate({{a = 1, b = 2}, {b = 2, a = 1}, {a = 1}})
--- deduplicate by a field: ok; result=["a","b"]
return extract_field(deduplicate({{name = "a", t = 1}, {name = "b", t = 2}, {name = "c", t = 1}}, "t"), "name")
--- deduplicate of deep tables: error; message=deeper
local t = {} for i = 1, 30 do t = {t} end deduplicate({t})
--- combine_results: ok; result=12
return #combine_results(search_nodes("a", 10), search_nodes("b", 12), nil)
--- extract_field goes deeper: ok; result=["x"]
return extract_field({{m = {list = {"w", "x"}}}}, "m.list.2")
--- summarize_results: ok; result={"count":3,"by_type":{"person":1,"place":1,"thing":1},"sample":[{"name":"e0","type":"person","text":"observation of 0"}]}
return summarize_results(search_nodes("x", 3), 1)
--- calculate_statistics: ok; result={"count":4,"sum":10,"min":1,"max":4,"mean":2.5,"median":2.5,"stddev":1.118033988749895,"p90":4}
return calculate_statistics({4, 1, 3, 2})
--- calculate_statistics of nothing: ok; result={"count":0,"sum":0}
return calculate_statistics({"x", 0 / 0})
--- aggregate_stats: ok; result=2.0
return aggregate_stats({{v = 1}, {v = 3}, {}}, "v").mean
--- aggregate_stats by group: ok; result={"a":1,"b":5}
local s = aggregate_stats({{g = "a", v = 1}, {g = "b", v = 4}, {g = "b", v = 5}}, "v", "g") return {a = s.a.max, b = s.b.max}
--- aggregate_by_tier: ok; result={"working":3,"episodic":3,"semantic":2,"procedural":2}
return aggregate_by_tier(search_nodes("x", 10))
--- aggregate_by_date: ok; result=[{"date":"2026-01","count":1},{"date":"2026-02","count":2}]
return aggregate_by_date({{at = "2026-02-03"}, {at = "2026-01-03"}, {at = "2026-02-04"}}, "month")
--- aggregate_by_date of a wrong unit: error; message=week
aggregate_by_date({}, "week")
--- format_output: ok; result="a: 1\nb:\n  - x\n  - y"
return format_output({a = 1, b = {"x", "y"}})
--- format_output as a table: ok; result="| n | t |\n| --- | --- |\n| 1 | a\\|b |\n| 2 |  |"
return format_output({{n = 1, t = "a|b"}, {n = 2}}, "table")
--- format_output of a cycle ends: ok
local t = {} t.t = t return #format_output(t) > 0
--- helpers under memory too: ok; result=true
return memory.top_n == top_n
--- a reply has the names of the tool as well: ok; result=[3,"e0","person","person",true,true]
local r = search_nodes("x", 3) return {#r.entities, r.entities[1].name, r.entities[1].entityType, r.results[1].type, r.entities == r.results, r.partial == nil and r.next ~= nil}
--- and goes out by one name: ok; result=["entities","next"]
local k = {} for name in pairs(search_nodes("x", 1)) do k[#k + 1] = name end table.sort(k) return k
--- and its entities: ok; result=["created_at","id","metadata","name","observations","score","tier","type"]
local k = {} for name in pairs(search_nodes("x", 1).results[1]) do k[#k + 1] = name end table.sort(k) return k
--- a name that no reply has: error; message=a reply of search_nodes has no 'entitys'; it has entities; line=2
local r = search_nodes("x", 1)
return r.entitys
--- a reply taken for the list in it: error; message=a reply of open_nodes is no list; it has entities; line=1
for _, e in ipairs(open_nodes{names = {"a"}}) do print(e.name) end
--- a name of another tool: error; message=a reply of read_graph has no 'results'
return read_graph{}.results
--- what is not always there is nil: ok; result=[true,true,true]
local r = open_nodes{"a"} return {r.next == nil, r.missing == nil, r.partial == nil}
--- a reply takes what a script adds: ok; result=["mine","x",false]
local r = search_nodes("x", 1) r.own = "mine" r.results[1].entityType = "x" return {r.own, r.entities[1].entityType, (pcall(setmetatable, r, nil))}
--- helpers take whole replies: ok; result=["e0","3","person"]
local r = search_nodes("x", 3) local t = format_output(r) return {extract_field(r, "name")[1], tostring(#deduplicate(r)), extract_field(r, "entityType")[1]}
--- help says what a reply has: ok; result=true
return memory.help("search_nodes"):find("The reply has entities, relations, results", 1, true) ~= nil
--- helpers take lists of replies: ok; result=[1,2,2]
local l = {search_nodes("x", 1), open_nodes{"a"}} return {#deduplicate({l[1], l[1], search_nodes("x", 1)}), summarize_results(l).count, #format_output(l, "table") > 0 and #l}
--- an entity of a reply is an object already: ok; result="e0"
return memory.object(search_nodes("x", 1).entities[1]).name
