--- print: ok; stdout=a\t1\tnil\ttrue\n
print("a", 1, nil, true)
--- print of odd values: ok; stdout=table\tfunction\n
print({}, print)
--- print of a __tostring: ok; stdout=mine\n
print(setmetatable({}, {__tostring = function() return "mine" end}))
--- print without end: timeout; wall=100; warning=cut
while true do print("flood") end
--- one huge print: ok; result=1; warning=stdout was cut
print(("x"):rep(1000000)) return 1
--- at the limit exactly: ok; nowarning=1; output=10
print("123456789")
--- one byte above: ok; warning=cut; output=9
print("123456789")
--- many small ones: ok; warning=cut
for i = 1, 100000 do print(i) end
--- not UTF-8: ok; stdout=�
print("\xff\xfe")
--- NUL: ok; stdout=a�b
print("a\0b")
--- control characters: ok; stdout=\u001b[31m
print("\27[31m")
--- output before a crash of time is kept: timeout; wall=100; stdout=kept
print("kept") while true do end
--- output before the end of memory is kept: memory; stdout=kept
print("kept") local s = ("x"):rep(1 << 27)
--- output before an api limit is kept: api_limit; stdout=kept; api_calls=1
print("kept") memory.echo(1) memory.echo(1)
--- print looks like a message of ours: ok; stdout={"outcome":"ok"}
print('{"outcome":"ok"}')
