--- while true: timeout; line=2; wall=100
local x = 0
while true do x = x + 1 end
--- repeat until false: timeout; line=1; wall=100
repeat until false
--- goto: timeout; wall=100; line=1
::a:: goto a
--- numeric for over all integers: timeout; line=1; wall=100
for i = math.mininteger, math.maxinteger do end
--- for with a tiny step: timeout; line=1; wall=100
for i = 0, 1, 1e-300 do end
--- tail calls: timeout; line=1; wall=100
local function f() return f() end return f()
--- mutual tail calls in a function: timeout; wall=100
local a, b
function a() return b() end
function b() return a() end
a()
--- pcall cannot swallow the end of time: timeout; wall=100; line=1
while true do pcall(function() while true do end end) end
--- xpcall handler loops: timeout; wall=100; line=1
xpcall(error, function() while true do end end)
--- error in a loop of pcall: timeout; wall=100
while true do pcall(error, "x") end
--- loop in a metamethod: timeout; wall=100; line=1
local t = setmetatable({}, {__index = function() while true do end end}) return t.x
--- loop in __eq: timeout; wall=100; line=1
local m = {__eq = function() while true do end end} return setmetatable({}, m) == setmetatable({}, m)
--- loop in __lt while sorting: timeout; wall=100; line=1
local m = {__lt = function() while true do end end} table.sort({setmetatable({}, m), setmetatable({}, m)})
--- loop in __concat: timeout; wall=100; line=1
return setmetatable({}, {__concat = function() while true do end end}) .. "x"
--- loop in __len: timeout; wall=100; line=1
return #setmetatable({}, {__len = function() while true do end end})
--- loop in __close: timeout; wall=100; line=1
do local x <close> = setmetatable({}, {__close = function() while true do end end}) end
--- loop in __tostring: timeout; wall=100; line=1
return tostring(setmetatable({}, {__tostring = function() while true do end end}))
--- loop in __tostring of an error value: timeout; wall=100
error(setmetatable({}, {__tostring = function() while true do end end}))
--- loop in __pairs: timeout; wall=100; line=1
for k in pairs(setmetatable({}, {__pairs = function() while true do end end})) do end
--- loop in a generic for: timeout; wall=100; line=1
for x in function() return 1 end do end
--- endless next: timeout; wall=100; line=2
local t = {1}
while true do next(t) end
--- string.find with nested quantifiers: timeout; where=string.find; wall=100; line=1
return (("a"):rep(50) .. "c"):find((".-"):rep(40) .. "b")
--- string.match that backtracks: timeout; where=string.match; wall=100; line=1
return ("a"):rep(40):match(("a?"):rep(40) .. ("a"):rep(41))
--- string.gsub that backtracks: timeout; where=string.gsub; wall=100; line=1
return ("a"):rep(60):gsub((".-"):rep(30) .. "x", "y")
--- string.gmatch that backtracks: timeout; wall=100; line=1
for m in ("a"):rep(60):gmatch((".-"):rep(30) .. "x") do end
--- string.find with many captures: timeout; wall=100; line=1
return ("a"):rep(60):find(("(.-)"):rep(30) .. "x")
--- string.find %b in a long text: timeout; wall=100; line=2
local s = ("("):rep(300000)
return s:find("%b()")
--- frontier and classes over and over: timeout; wall=100
local s = ("ab "):rep(1000) while true do s:find("%f[%w]%w+%f[^%w]x") end
--- rep of nothing 2^62 times: ok; result=""
return (""):rep(1 << 62)
--- rep of nothing with an empty separator: ok; result=""
return (""):rep(math.maxinteger, "")
--- rep a negative number of times: ok; result=""
return ("x"):rep(-5)
--- table.concat of empty strings over a lying range: error; message=range
return table.concat(setmetatable({}, {__index = function() return "" end}), "", 1, math.maxinteger)
--- table.concat below the bound: timeout; wall=100; where=; line=1
return #table.concat(setmetatable({}, {__index = function() while true do end end}), "", 1, 10)
--- table.move over everything: error; message=range
table.move({}, 1, math.maxinteger - 1, 2)
--- table.move backwards is nothing: ok; result=[]
return table.move({}, 5, 1, 2)
--- table.move in one table in steps: timeout; wall=100
local t = {} while true do table.move(t, 1, 9999999, 2) end
--- table.insert with a lying length: error; message=elements
table.insert(setmetatable({}, {__len = function() return 1 << 40 end}), 1, "x")
--- table.remove with a lying length: error; message=elements
table.remove(setmetatable({}, {__len = function() return 1 << 40 end}), 1)
--- table.insert with a length just within reason: timeout; wall=100
while true do table.insert(setmetatable({}, {__len = function() return 9999999 end, __newindex = function() end}), 1, "x") end
--- table.unpack of a lying length: error
return table.unpack(setmetatable({}, {__len = function() return 1 << 40 end}))
--- table.unpack of a large range: error; message=unpack
return table.unpack({}, 1, 1e7)
--- table.sort with a lying length: error; message=elements
table.sort(setmetatable({}, {__len = function() return 1 << 40 end}))
--- table.sort with an order that is none: timeout|error; wall=200
local t = {} for i = 1, 100000 do t[i] = i % 7 end
while true do pcall(table.sort, t, function() return math.random() < 0.5 end) end
--- table.sort asks the clock for a pivot: ok; result=true
local t = {} for i = 1, 10000 do t[i] = i end for i = 1, 10000 do t[10000 + i] = 10001 - i end
table.sort(t) return t[1] == 1 and t[20000] == 10000
--- utf8.len of much: timeout; wall=150
local s = ("x"):rep(20000000) while true do utf8.len(s) end
--- utf8.codes endless: timeout; wall=100
while true do for _ in utf8.codes("äöü") do end end
--- utf8.offset over much: timeout; wall=100; line=1
local s = ("x"):rep(5000000) while true do utf8.offset(s, 4999999) end
--- string.format over and over: timeout; wall=100; line=1
while true do string.format("%99.99f", 1e308) end
--- string.reverse and upper: timeout; wall=100; line=1
local s = ("x"):rep(1000000) while true do s:reverse():upper() end
--- string.byte to the stack and back: timeout; wall=100
local s = ("x"):rep(10000) while true do string.char(s:byte(1, -1)) end
--- string.pack endless: timeout; wall=100
while true do string.pack("i8i8!16s4", 1, 2, "x") end
--- math.random endless: timeout; wall=100; line=1
while true do math.random(0) end
--- tostring and tonumber endless: timeout; wall=100; line=1
while true do tonumber(tostring(1.5)) end
--- select with many: timeout; wall=100
local function f(...) return select("#", ...) end
while true do f(table.unpack({}, 1, 200000)) end
--- ipairs over a table without end: timeout; wall=100; line=1
for i in ipairs(setmetatable({}, {__index = function(_, i) return i end})) do end
--- rawlen and rawequal endless: timeout; wall=100
while true do rawequal(rawlen("x"), 1) end
--- os.time endless: timeout; wall=100; line=1
while true do os.time() end
--- setmetatable endless: timeout; wall=100; line=1
while true do setmetatable({}, {}) end
--- a helper loops in its own loop: timeout; wall=100
while true do group_by({{a = 1}}, "a") end
--- a helper calls a function that loops: timeout; wall=100; line=1
top_n({1, 2, 3}, 2, function() while true do end end)
--- cpu limit: timeout; limit=cpu_ms; wall=3000; cpu=100; line=1
while true do end
