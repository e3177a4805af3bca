--- text with its line: error; line=2; message=script:2: boom
local x = 1
error("boom")
--- level 2: error; message=script:3; line=1
local function f() error("at the caller", 2) end
local function g()
	f()
end
g()
--- no text: error; message=no text (a nil)
error()
--- nil: error; message=(a nil)
error(nil)
--- a table: error; message=(a table)
error({})
--- a table with a message: error; message=from the table
error({message = "from the table"})
--- a table with __tostring: error; message=as text
error(setmetatable({}, {__tostring = function() return "as text" end}))
--- __tostring that fails: error
error(setmetatable({}, {__tostring = function() error("x") end}))
--- __tostring that gives a table: error
error(setmetatable({}, {__tostring = function() return {} end}))
--- a number: error; message=42
error(42)
--- a function: error; message=(a function)
error(print)
--- a coroutine: error; message=(a thread)
error(coroutine.create(print))
--- a very long text: error; message=xxx
error(("x"):rep(1000000))
--- text that is not UTF-8: error; message=�
error("a\xffb")
--- text with NUL: error; message=a�b
error("a\0b", 0)
--- error in an error handler: ok; result=false
return (xpcall(error, function() error("again") end))
--- recursion without end: memory; message=recursion; line=1
local function f() return 1 + f() end return f()
--- stack overflow is caught: ok; result=false
local function f(a, b, c, d, e) local g, h, i, j, k, l, m, n = 1, 2, 3, 4, 5, 6, 7, 8 return 1 + f(a, b, c, d, e) + n end return (pcall(f))
--- C stack overflow through gsub: error; message=overflow
local function f() return (("x"):gsub("x", f)) end return f()
--- C stack overflow through sort: error; message=overflow
local function f() table.sort({1, 2, 3}, f) return true end f()
--- C stack overflow through metamethods: error; message=C stack overflow
local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k .. "x"] end return t.a
--- __index chain in a loop: error; message=loop
local t = {} setmetatable(t, {__index = t}) getmetatable(t).__index = t return t.x
--- pcall in pcall in pcall: error|ok; wall=20000
local function f() return pcall(f) end return (f())
--- xpcall whose handler is itself: ok; wall=20000
local function h() return xpcall(error, h) end return type(h())
--- calling nil names the variable: error; message=global 'nope'; line=1
nope()
--- a field of nil names it: error; message=field 'b'
local a = {} return a.b.c
--- arithmetic on a text: error; message=attempt to add
return "x" + 1
--- division by zero: error; message=zero
return 1 // 0
--- compare: error; message=compare
return {} < 1
--- bad argument names the function: error; message=bad argument #1 to
return ("x").rep({}, 3)
--- assert with a message: error; message=because
assert(false, "because")
--- assert with a table: error; message=(a table)
assert(nil, {})
--- traceback of functions: error; line=1; trace=in function inner
local function inner() error("x") end
local function outer() inner() end
outer()
--- error after output: error; stdout=before
print("before") error("x")
--- a function whose name is no text: error; message=x; trace=in function
local t = {["\xff\xfe"] = function() local y = error("x") end}
t["\xff\xfe"]()
--- a field whose name is no text: error; message=nil value
local t = {} t["\xff\xfe"]()
--- such a name at the end of time: timeout; wall=100; line=1
local t = {["\xff"] = function() while true do end end} t["\xff"]()
