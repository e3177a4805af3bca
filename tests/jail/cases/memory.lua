--- a table without end: memory; line=2; limit=memory_bytes; wall=25000
local t = {}
while true do t[#t + 1] = {} end
--- a string that doubles: memory; line=1; wall=25000
local s = "x" while true do s = s .. s end
--- rep of a gigabyte: memory; line=1
return #("x"):rep(1 << 30)
--- rep beyond all: error|memory
return ("x"):rep(1 << 62)
--- rep with a separator: error; message=too large
return #("x"):rep(1 << 26, ("y"):rep(100))
--- pcall cannot swallow the end of memory: memory; line=1
while true do pcall(string.rep, "x", 1 << 27) end
--- xpcall cannot either: memory
xpcall(string.rep, function() return 1 end, "x", 1 << 27)
--- nor a coroutine: memory; line=1
coroutine.resume(coroutine.create(function() return ("x"):rep(1 << 27) end))
--- nor a wrapped one: memory
pcall(coroutine.wrap(function() return ("x"):rep(1 << 27) end))
--- nor __close: memory
local x <close> = setmetatable({}, {__close = function() end}) local s = ("x"):rep(1 << 27)
--- a table constructor grown by halves: memory; wall=25000
local t = {} for i = 1, 1e9 do t[i] = i end
--- a hash table: memory; wall=25000
local t = {} for i = 1, 1e9 do t["k" .. i] = true end
--- many closures: memory; wall=25000
local t = {} for i = 1, 1e9 do t[i] = function() return i end end
--- many coroutines: memory; wall=25000
local t = {} while true do t[#t + 1] = coroutine.create(function() end) end
--- concat of a table: memory; wall=25000
local t = {} for i = 1, 1000 do t[i] = ("x"):rep(100000) end return #table.concat(t)
--- gsub that grows: memory; wall=25000
local s = ("x"):rep(100000) return #s:gsub("x", ("y"):rep(10000))
--- string.format with a long argument: memory; wall=25000
local s = ("x"):rep(30000000) return #string.format("%s%s%s", s, s, s)
--- table.move with growth: memory|error; wall=25000
local t = {1} for i = 1, 30 do table.move(t, 1, #t, #t + 1) end
--- table.pack of a deep vararg: memory|error|timeout; wall=300
local function f(...) return f(1, ...) end return f()
--- utf8.char of much: memory|error; wall=25000
local t = {} for i = 1, 200 do t[i] = 0x10FFFF end
local s = utf8.char(table.unpack(t)) while true do s = s .. s end
--- string.char of much: memory|error; wall=25000
local s = ("x"):rep(30) while true do s = string.char(s:byte(1, -1)) .. s end
--- upvalue chain: memory; wall=25000
local f while true do local g = f f = function() return g end end
--- linked list in metatables: memory; wall=25000
local t = {} while true do t = setmetatable({}, {__index = t}) end
--- string.pack with a size: memory|error
return #string.pack("s8" .. ("!8"):rep(1), ("x"):rep(1 << 26))
--- string.pack with padding: memory|error|ok
return #string.pack(("x"):rep(100) .. "!16Xi16", 1)
--- a small limit is kept: memory; memory=2000000; limit=memory_bytes
local t = {} for i = 1, 100000 do t[i] = {i} end
--- what fits, fits: ok; result=20000; memory=4000000
local t = {} for i = 1, 20000 do t[i] = {i} end return #t
--- garbage is collected: ok; result=true; wall=25000
local s for i = 1, 200 do s = ("x"):rep(1000000) end return #s == 1000000
--- garbage of tables is collected: ok; result=true; wall=25000
for i = 1, 100000 do local t = {i, {i}} end return true
--- garbage of all sizes is collected: ok; result=true; wall=25000
local keep = {}
for i = 1, 6000 do keep[i % 97 + 1] = ("y"):rep(i * 37 % 30000) .. i end
return #keep == 97
--- blocks that grow and shrink in turn: ok; result=true; wall=25000
local a, b = {}, {}
for r = 1, 40 do
	for i = 1, 3000 do a[i] = ("a"):rep(i % 900) end
	for i = 1, 3000 do b[i] = a[i] .. r end
	for i = 1, 3000, 2 do a[i] = nil end
	a, b = b, {}
end
return #a[3000] > 0
--- the usage tells the peak: ok; result=true; peak=8000
local s = ("x"):rep(8000 * 1024) return #s > 0
--- collectgarbage counts: ok; result=true
return collectgarbage("count") > 10
--- collectgarbage does nothing else: error; message=count
collectgarbage("collect")
--- out of memory in the result: memory|output; wall=25000
local t = {} for i = 1, 30000 do t[i] = ("x"):rep(2000) end return t
