--- nothing: ok; result=null
local x = 1
--- nil: ok; result=null
return nil
--- the global result: ok; result=5
result = 5
--- return goes before the global: ok; result=6
result = 5 return 6
--- several values: ok; result=[1,null,"x"]
return 1, nil, "x"
--- integers to the last bit: ok; result=[9223372036854775807,-9223372036854775808]
return {math.maxinteger, math.mininteger}
--- floats make the round trip: ok; result=[0.1,1e+300,5e-324,3.0,-0.0]
return {0.1, 1e300, 5e-324, 3.0, -0.0}
--- not a number: ok; result=[null,1]; warning=result[1]
return {0 / 0, 1}
--- infinity: ok; result={"a":null}; warning=result.a
return {a = math.huge}
--- array: ok; result=[1,2,3]
return {1, 2, 3}
--- empty table: ok; result=[]
return {}
--- marked empty table: ok; result={}
return memory.object({})
--- unmarked when it has elements: ok; result=[1]
local t = memory.object() t[1] = 1 return t
--- null inside an array: ok; result=[1,null,3]
return {1, memory.null, 3}
--- null inside an object: ok; result={"a":null}
return {a = memory.null}
--- hole: ok; result={"1":1,"3":3}
return {1, nil, 3}
--- sparse: ok; result={"1":1,"1000000000":2}
return {[1] = 1, [1000000000] = 2}
--- from zero: ok; result={"0":1,"1":2}
return {[0] = 1, 2}
--- mixed keys: ok; result={"1":"a","x":"b"}
return {"a", x = "b"}
--- negative keys: ok; result={"-1":1}
return {[-1] = 1}
--- a key as number and as string: error; message=result.1
return {[1] = 1, ["1"] = 2, x = 1}
--- float keys: error; message=float
return {[1.5] = 1}
--- integral float keys are integers: ok; result=["a"]
return {[1.0] = "a"}
--- boolean keys: error; message=boolean
return {[true] = 1}
--- table keys: error; message=a key is a table
return {[{}] = 1}
--- cycle: error; message=result.a.b: the table contains itself
local t = {a = {}} t.a.b = t return t
--- itself: error; message=result[1]: the table contains itself
local t = {} t[1] = t return t
--- twice the same is no cycle: ok; result=[[1],[1]]
local t = {1} return {t, t}
--- 2^40 leaves: output; wall=20000
local t = {1} for i = 1, 40 do t = {t, t} end return t
--- 64 levels: ok
local t = {} for i = 1, 63 do t = {t} end return t
--- 65 levels: output; limit=result_depth; message=deeper than 64
local t = {} for i = 1, 64 do t = {t} end return t
--- 100000 levels: output; limit=result_depth
local t = {} for i = 1, 100000 do t = {t} end return t
--- large text: output; limit=result_bytes
return ("x"):rep(300000)
--- many texts: output; limit=result_bytes
local t = {} for i = 1, 2000 do t[i] = ("x"):rep(1000) end return t
--- many values: output; limit=result_nodes
local t = {} for i = 1, 60000 do t[i] = i end return t
--- many keys: output; limit=result_nodes
local t = {} for i = 1, 60000 do t["k" .. i] = true end return t
--- a limit of its own: output; limit=result_bytes; result_bytes=100
return ("x"):rep(101)
--- a function: error; message=result.f: a function
return {f = print}
--- a coroutine: error; message=thread
return coroutine.create(print)
--- text that is not UTF-8: ok; result="a\ufffdb"; warning=UTF-8
return "a\xffb"
--- text with NUL: ok; result="a\ufffdb"; warning=NUL
return "a\0b"
--- cut sequence: ok; result="\ufffd\ufffd"; warning=UTF-8
return "\xe2\x82"
--- surrogate: ok; warning=UTF-8
return "\xed\xa0\x80"
--- overlong: ok; warning=UTF-8
return "\xc0\xaf"
--- key that is not UTF-8: ok; result={"\ufffd":1}; warning=UTF-8
return {["\xff"] = 1}
--- all of Unicode stays: ok; result="äöü€𝄞"
return "äöü€𝄞"
--- metamethods of the result do not run: ok; result={"a":1}
return setmetatable({a = 1}, {__index = error, __len = error, __pairs = error, __tostring = error})
--- __len does not make an array: ok; result=[]
return setmetatable({}, {__len = function() return 1000000 end})
--- __index does not fill it: ok; result=[]
return setmetatable({}, {__index = function(_, i) return i end})
--- a result that says it failed is still ok: ok; result={"outcome":"timeout","success":false}
return {success = false, outcome = "timeout"}
--- a message that says timeout is an error: error; message=timeout
error("timeout: the script ran for 5 s")
--- a text in the form of our own messages: ok; result="\u001bLua"
return "\27Lua"
--- the global result as a cycle: error; message=contains itself
result = {} result.r = result
--- the global result behind a metatable: ok; result=null
setmetatable(_G, {__index = function() return 7 end})
--- keys are sorted: ok; raw={"a":1,"b":2,"c":3,"d":4}
return {d = 4, b = 2, a = 1, c = 3}
--- args come as they are: ok; args={"a":[1,2.5,null,{"x":[]},{}],"t":true}; result={"a":[1,2.5,null,{"x":[]},{}],"t":true}
return args
--- args without any: ok; result={}
return args
--- args that is an array: ok; args=[1,2]; result=2
return #args
