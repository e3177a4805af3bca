--- leave a global behind: ok; result=1
leftover = 1 string.leftover = 2 return leftover
--- it has gone: ok; result=[null,null]
return {leftover or memory.null, string.leftover or memory.null}
--- poison the helpers: ok; result=1
table.sort = nil ipairs = nil string.format = nil math.floor = nil return 1
--- helpers work after that: ok; result=[2,1]
return top_n({1, 2}, 2)
--- helpers hold their own: ok; result=[2,1]
table.sort, ipairs, pairs, tostring = nil, nil, nil, nil return top_n({1, 2}, 2)
--- die with a metatable of all light values: ok; result=false
return getmetatable(memory.null)
--- poison the metatable of empty objects: ok; result={}
local m = getmetatable(memory.object()) m.__index = function() error("x") end m.__pairs = error return memory.object()
--- it is clean in the next run: ok; result=null
return getmetatable(memory.object()).__index
--- random numbers differ from run to run: ok
return math.random(1 << 40)
