--- io: error; message=io
return io.open("/etc/passwd")
--- os.execute: error; message=nil value
os.execute("true")
--- os.exit: error; message=nil value
os.exit(0)
--- os.getenv: error; message=nil value
return os.getenv("PATH")
--- os.remove and tmpname: ok; result=[null,null,null,null]
return {os.remove or memory.null, os.rename or memory.null, os.tmpname or memory.null, os.setlocale or memory.null}
--- debug: error; message=debug
return debug.getinfo(1)
--- coroutine.close: ok; result=null
return coroutine.close
--- exactly these globals: ok; result="_G _VERSION aggregate_by_date aggregate_by_tier aggregate_stats args assert calculate_statistics collectgarbage combine_results coroutine create_entities deduplicate error extract_field filter_by_confidence filter_by_date_range filter_by_type format_output getmetatable group_by ipairs math memory next open_nodes os pairs pcall print rawequal rawget rawlen rawset read_graph run_skill search_nodes select setmetatable string summarize_results table tonumber top_n tostring type utf8 xpcall"
local n = {} for k in pairs(_G) do n[#n + 1] = k end table.sort(n) return table.concat(n, " ")
--- exactly these of string, table, os and coroutine: ok; result="byte char find format gmatch gsub len lower match pack packsize rep reverse sub unpack upper|concat insert move pack remove sort unpack|clock date difftime time|create isyieldable resume running status wrap yield"
local function names(t) local n = {} for k in pairs(t) do n[#n + 1] = k end table.sort(n) return table.concat(n, " ") end
return names(string) .. "|" .. names(table) .. "|" .. names(os) .. "|" .. names(coroutine)
--- the metatable of strings is protected: ok; result=false
return getmetatable("")
--- it cannot be set: error; message=table expected
setmetatable("", {})
--- the library of strings is that of the script alone: ok; result="mine"
string.mine = function() return "mine" end return ("x"):mine()
--- __metatable hides: ok; result="no"
return getmetatable(setmetatable({}, {__metatable = "no"}))
--- __metatable protects: error; message=protected
setmetatable(setmetatable({}, {__metatable = 1}), {})
--- __gc is refused: error; message=__gc
setmetatable({}, {__gc = function() end})
--- __gc set later does nothing: ok; result=1
local m = {} local t = setmetatable({}, m) m.__gc = function() while true do end end t = nil
for i = 1, 100000 do local x = {} end return 1
--- addresses of tables stay inside: ok; result="table function thread"
return tostring({}) .. " " .. tostring(print) .. " " .. tostring(coroutine.create(print))
--- format %s shows none: ok; result="table function"
return string.format("%s %s", {}, print)
--- format %p is refused: error; message=%p
return string.format("%p", {})
--- format with flags before p: error; message=%p
return string.format("%-20p", {})
--- format %s after %%: ok; result="% table"
return string.format("%% %s", {})
--- error messages show none: ok; result=true
local ok, e = pcall(function() return {} + 1 end) return e:find("0x") == nil
--- concat of a table says so: error; message=table value
return "x" .. {}
--- randomseed returns nothing: ok; result=0
return select("#", math.randomseed())
--- randomseed with a number repeats: ok; result=true
math.randomseed(42) local a = math.random(1000000) math.randomseed(42) return a == math.random(1000000)
--- __name cannot forge: ok; result="mine"
return tostring(setmetatable({}, {__tostring = function() return "mine" end}))
--- __tostring that gives no string: error; message=string
return tostring(setmetatable({}, {__tostring = function() return {} end}))
--- _ENV can be replaced: error; message=nil value
local _ENV = {} return print("x")
--- _G can be emptied: ok; result=3
local G = _G for k in pairs(G) do G[k] = nil end return 3
--- _G.print can be replaced: ok; result=[]; stdout=
_G.print = function() end print("x") return {}
--- pcall replaced by the script: timeout; wall=100
pcall = function() return true end while true do pcall(error) end
--- memory can be overwritten: error; message=nil value
memory = nil return memory.help()
--- functions of the memory can be replaced: ok; result="mine"
memory.search_nodes = function() return "mine" end return memory.search_nodes()
--- globals are apart from it: ok; result=1
memory.search_nodes = nil return search_nodes("x", 1).count
--- os.time and date: ok; result="1970-01-02 00:00:00 Fri"
return os.date("!%Y-%m-%d %H:%M:%S %a", 86400)
--- os.date table: ok; result=[2026,11,20,324,6]
local d = os.date("*t", os.time{year = 2026, month = 11, day = 20}) return {d.year, d.month, d.day, d.yday, d.wday}
--- os.time normalises: ok; result=true
return os.time{year = 2025, month = 14, day = 1, hour = 0} == os.time{year = 2026, month = 2, day = 1, hour = 0}
--- os.time of nonsense: error; message=integer
return os.time{year = "x", month = 1, day = 1}
--- os.date with a bad conversion: error; message=conversion
return os.date("%Q")
--- os.date cut in the middle: error; message=conversion
return os.date("abc%")
--- os.date of a far year: error; message=between
return os.date("%Y", math.maxinteger)
--- os.time of a far year: error; message=range
return os.time{year = math.maxinteger, month = 1, day = 1}
--- os.clock is small: ok; result=true
return os.clock() < 10
--- rawset on protected things: error; message=table expected
rawset("x", 1, 2)
--- varargs of the main chunk are empty: ok; result=0
return select("#", ...)
