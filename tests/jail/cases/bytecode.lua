--- compiled chunk: error; message=compiled
@{esc}Lua@{x*30}
--- a single escape byte: error; message=compiled
@{esc}
--- string.dump: error; message=nil value
return string.dump(function() end)
--- dump of a method: error; message=nil value
return ("x"):dump()
--- load: error; message=load
return load("return 1")
--- load with bytecode: error; message=load
return load("\27Lua")
--- loadstring: error; message=loadstring
return loadstring("return 1")
--- dofile: error; message=dofile
return dofile("/etc/passwd")
--- loadfile: error; message=loadfile
return loadfile("/etc/passwd")
--- require: error; message=require
return require("os")
--- package: error; message=package
return package.loadlib("libc.so.6", "system")
