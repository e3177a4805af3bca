--- echo of a value: ok; result={"a":[1,2.5,"x",true,{}]}
return memory.echo{value = {a = {1, 2.5, "x", true, memory.object()}}}
--- echo by position: ok; result=5
return memory.echo(5)
--- positional names: ok; result={"a":1,"c":3}
return memory.params(1, nil, 3)
--- too many by position: error; message=at most (a b c)
return memory.params(1, 2, 3, 4)
--- an array as the first: ok; result={"a":[1,2]}
return memory.params({1, 2})
--- a table as the whole: ok; result={"b":2}
return memory.params{b = 2}
--- an empty table as the whole: ok; result={}
return memory.params{}
--- named parameters only: error; message=named parameters
return memory.read_graph(1)
--- an array where names are wanted: error; message=named parameters
return memory.read_graph{1, 2}
--- an error is a table that reads like a text: ok; result=["conflict","changed","here","fail","fail: changed (conflict)!"]
local ok, e = pcall(memory.fail, "conflict", "changed") return {e.code, e.message, e.param, e.method, e .. "!"}
--- an error that nobody catches: error; message=fail: changed (conflict); line=1
memory.fail("conflict", "changed")
--- an error thrown on: error; message=fail: gone (not_found)
local ok, e = pcall(memory.fail, "not_found", "gone") error(e)
--- its metatable is hidden: ok; result=false
local ok, e = pcall(memory.fail, "not_found", "x") return getmetatable(e)
--- a method that is not there: error; message=nil value (field 'execute_code')
memory.execute_code("return 1")
--- administrative methods are not there: ok; result=[null,null,null,null]
return {memory.backup or memory.null, memory.retire or memory.null, memory.verify or memory.null, memory.import_records or memory.null}
--- too many calls: api_limit; limit=api_calls; line=1; api_calls=10
for i = 1, 20 do memory.echo(i) end
--- as many as allowed: ok; result=10; api_calls=10
local n = 0 for i = 1, 10 do n = n + memory.echo(1) end return n
--- pcall cannot swallow that limit: api_limit; api_calls=10; wall=20000
while true do pcall(memory.echo, 1) end
--- too many bytes: api_limit; limit=api_bytes; line=1; api_bytes=100000
for i = 1, 100 do memory.echo(("x"):rep(10000)) end
--- too many bytes of replies: api_limit; limit=api_bytes; api_bytes=100000
for i = 1, 100 do memory.big(10000) end
--- a parameter above a frame: error; message=too large
memory.echo(("x"):rep(1100000))
--- a reply above a frame: error; message=larger than 1 MiB
memory.big(2000000)
--- a reply just below: ok; result=1000000
return #memory.big(1000000)
--- a reply that is too deep: error; message=too deep
memory.deep(100)
--- a reply of 60 levels: ok; result=60
local v, n = memory.deep(60), 0 while type(v) == "table" do v = v[1] n = n + 1 end return n
--- a parameter with a cycle: error; message=contains itself
local t = {} t.t = t memory.echo{value = t}
--- a function as a parameter: error; message=value.f: a function
memory.echo{value = {f = print}}
--- NaN as a parameter: error; message=NaN
memory.echo(0 / 0)
--- bytes that are no text as a parameter: error; message=UTF-8
memory.echo("\xff")
--- such a key: error; message=UTF-8
memory.echo{value = {["\xff"] = 1}}
--- a parameter of 100 levels: error; message=too large for one call
local t = {} for i = 1, 100 do t = {t} end memory.echo(t)
--- a call that takes too long: timeout; wall=150; line=1
memory.slow(3000)
--- time spent in calls counts: timeout; wall=200
while true do memory.slow(20) end
--- a null comes as memory.null in arrays: ok; result=[1,null,2]
return memory.echo({1, memory.null, 2})
--- and as nil in objects: ok; result=true
return memory.echo{value = {a = memory.null, b = 1}}.a == nil
--- an empty object stays one: ok; result={}
return memory.echo{value = memory.object()}
--- writes are counted: ok; result=2; writes=1
return create_entities({{name = "a"}, {name = "b"}}).created
--- a script that is cancelled: killed; cancel=100; wall=5000; message=cancelled
while true do end
--- cancelled while it waits: killed; cancel=100; wall=5000
memory.slow(400) memory.slow(400)
--- help lists: ok; result=true
local h = memory.help() return h:find("search_nodes") ~= nil and h:find("group_by") ~= nil
--- help of a method: ok; result=["search_nodes{query, limit, cursor}\nFinds entities.\n","params{...}: gives its parameters back"]
return {memory.help("search_nodes"):match("^.-\n.-\n"), memory.help("params")}
--- help of a helper: ok; result=true
return memory.help("top_n"):find("greatest") ~= nil
--- help of nothing: error; message=there is no 'nope'
return memory.help("nope")
--- each pages by itself: ok; result=250; calls=3
local n = 0 for e in memory.each() do n = n + 1 end return n
--- each of a type: ok; result=84
local n = 0 for e in memory.each{type = "person"} do n = n + 1 end return n
--- each of two types: ok; result=167
local n = 0 for e in memory.each{types = {"person", "place"}} do n = n + 1 end return n
--- each with a limit: ok; result=7; calls=1
local n = 0 for e in memory.each{limit = 7} do n = n + 1 end return n
--- each of a search: ok; result=250
local n = 0 for e in memory.each{query = "x", page = 50} do n = n + 1 end return n
--- each that is left early: ok; result="e0"; calls=1
for e in memory.each{} do return e.name end
--- each of no table: error; message=options
for e in memory.each("x") do end
