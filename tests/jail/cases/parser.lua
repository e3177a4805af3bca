--- syntax error with its line: error; line=3; message=near
local a = 1
local b = 2
local = 3
--- unfinished string: error; line=1; message=unfinished
return "abc
--- unfinished long string: error; message=unfinished
return [[abc
--- nesting of parentheses: error; message=overflow
return @{(*100000}1
--- nesting of tables: error; message=overflow
return @{{*50000}
--- nesting of functions: error
return @{function() return *10000}
--- nesting of blocks: error; message=overflow
@{do *30000}
--- nesting of calls: error
return @{f(*60000}
--- unary operators: error; message=overflow
return @{- *60000}1
--- not not not: error
return @{not *30000}true
--- concatenation to the right: error|ok
return "x"@{.."x"*20000}
--- powers to the right: error
return 2@{^2*30000}
--- long chain of indexes: error|timeout|crashed; wall=6000
local a = {} return a@{.b*30000}
--- pattern too complex: error; message=complex
return ("x"):rep(300):find(("x?"):rep(300) .. "y")
--- long chain of method calls: error|timeout|crashed; wall=20000
local a = {} return a@{:b()*20000}
--- too many locals: error; message=local
@{local a *300}
--- too many upvalues or registers: error
return {@{f(*200}
--- many constants: ok; wall=20000
local t = {@{1.5,*20000}} return #t > 0
--- many goto labels: error; message=label
@{::a:: *100}
--- goto into nowhere: error; message=nowhere
goto nowhere
--- break outside: error; line=1
break
--- long line: ok; result=1
return 1 --@{x*100000}
--- source above the limit: error; limit=source_bytes
return 1 --@{x*140000}
--- empty script: ok; result=null

--- only a comment: ok; result=null
-- nothing
--- byte order mark: ok; result=1
@{bom}return 1
--- escape of a huge code point: error; message=UTF-8
return "\u{FFFFFFFFF}"
--- number with many digits: ok; result=true
return @{9*5000} > 1
--- hexadecimal float: ok; result=true
return 0x1p-1074 > 0
--- attributes: error; message=attribute
local x <foo> = 1
--- assignment to a constant: error; message=const
local x <const> = 1 x = 2
--- too many captures: error; message=captures
return ("x"):rep(300):find(("(x"):rep(300))
--- malformed pattern: error; message=malformed
return ("x"):find("[")
--- pattern with deep recursion: error|ok|timeout; wall=300
return ("a"):rep(300000):find(("a-"):rep(100) .. "b") == nil
--- format with a bad conversion: error; message=conversion
return ("%y"):format(1)
--- format with a long width: error; message=conversion
return ("%1000d"):format(1)
