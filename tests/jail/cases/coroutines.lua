--- generator: ok; result=[1,2,3]
local t = {} for i in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) do t[#t + 1] = i end return t
--- resume gives values and errors: ok; result=[true,1,false,true]
local c = coroutine.create(function() coroutine.yield(1) error("x") end)
local a, b = coroutine.resume(c) local d, e = coroutine.resume(c) return {a, b, d, e:find("x") ~= nil}
--- loop in one names its line: timeout; wall=100; line=2
local c = coroutine.wrap(function()
	while true do end
end)
c()
--- loop two deep: timeout; wall=100; line=3
local c = coroutine.wrap(function()
	local d = coroutine.wrap(function()
		while true do end
	end)
	d()
end)
c()
--- C loop in one: timeout; wall=100; line=2; where=string.find
coroutine.wrap(function()
	return (("a"):rep(50) .. "c"):find((".-"):rep(40) .. "b")
end)()
--- ping-pong without end: timeout; wall=100
local c = coroutine.wrap(function() while true do coroutine.yield() end end) while true do c() end
--- nested without end: error; message=script:1:
local function f() return coroutine.wrap(f)() end return f()
--- nested by resume: ok; result=true; wall=20000
local function f() return coroutine.resume(coroutine.create(f)) end return (f())
--- 20000 that hold to-be-closed values: ok; result=20000; wall=20000
local t = {}
for i = 1, 20000 do
	t[i] = coroutine.create(function() local x <close> = setmetatable({}, {__close = function() end}) coroutine.yield() end)
	coroutine.resume(t[i])
end
return #t
--- pcall cannot swallow an alarm in one: timeout; wall=100
while true do coroutine.resume(coroutine.create(function() pcall(function() while true do end end) end)) end
--- yield outside: error; message=outside
coroutine.yield(1)
--- yield across a C call: error; message=C-call boundary
coroutine.wrap(function() table.sort({1, 2}, coroutine.yield) end)()
--- yield across pcall: ok; result=7
return coroutine.wrap(function() local ok, v = pcall(function() return coroutine.yield(7) end) end)()
--- error after a yield in pcall: ok; result=[1,false]
local c = coroutine.wrap(function() return (pcall(function() coroutine.yield(1) error("x") end)) end)
return {c(), c()}
--- resume itself: ok; result=false
local c c = coroutine.create(function() return coroutine.resume(c) end)
local _, ok = coroutine.resume(c) return ok
--- resume the dead: ok; result=[false,"cannot resume dead coroutine"]
local c = coroutine.create(function() end) coroutine.resume(c) return {coroutine.resume(c)}
--- wrap of the dead: error; message=dead
local c = coroutine.wrap(function() end) c() c()
--- many arguments: error|ok
local c = coroutine.wrap(function(...) return select("#", ...) end) return c(table.unpack({}, 1, 900000))
--- running, status, isyieldable: ok; result=["running",true,false]
local co, main = coroutine.running() return {coroutine.status(co), main, coroutine.isyieldable()}
--- API in one: ok; result=3
return coroutine.wrap(function() return memory.echo(3) end)()
--- API error in one: ok; result="not_found"
local ok, e = coroutine.resume(coroutine.create(function() memory.fail("not_found", "x") end)) return e.code
--- memory runs out in one: memory; line=2
local c = coroutine.wrap(function()
	local t = {} while true do t[#t + 1] = ("x"):rep(1000) .. #t end
end)
c()
--- a wrapped coroutine that dies closes what it has: ok; result=["closed with x",false,true]
local said
local c = coroutine.wrap(function()
	local v <close> = setmetatable({}, {__close = function(_, e)
		said = "closed with " .. e:match("x$")
	end})
	error("x")
end)
local ok, e = pcall(c)
return {said, ok, e:find("x$") ~= nil}
--- an error while closing is the error: ok; result=[false,true]
local c = coroutine.wrap(function()
	local v <close> = setmetatable({}, {__close = function() error("second") end})
	error("first")
end)
local ok, e = pcall(c)
return {ok, e:find("second$") ~= nil}
--- closing a dead one without end names its line: timeout; wall=100; line=3
local c = coroutine.wrap(function()
	local v <close> = setmetatable({}, {__close = function()
		while true do end
	end})
	error("x")
end)
c()
