-- Helpers of scripts, in the same state as the script and with no more rights.
-- Called with the table `memory`, the documentation of the methods by name,
-- their names in order, compile(code, chunk name, globals) and strings(table),
-- which sets where methods of texts are found. Returns what is to be called with
-- the names of the methods that a script lacks, before it runs, and functions by
-- method that complete its reply.
local memory, docs, names, compile, strings = ...
local G = _G
local type, pairs, ipairs, next = type, pairs, ipairs, next
local error, tostring, tonumber, select = error, tostring, tonumber, select
local rawequal, rawget = rawequal, rawget
local setmetatable, getmetatable = setmetatable, getmetatable
local sort, concat, remove = table.sort, table.concat, table.remove
local pack, unpack, pcall = table.pack, table.unpack, pcall
local match, gmatch, rep, format = string.match, string.gmatch, string.rep,
	string.format
local sub, gsub, offset = string.sub, string.gsub, utf8.offset
local create, resume, status = coroutine.create, coroutine.resume,
	coroutine.status
local floor, sqrt, mtype, huge = math.floor, math.sqrt, math.type, math.huge
local date, time = os.date, os.time
local null = memory.null

local function copy(t)
	local c = {}
	for k, v in next, t do c[k] = v end
	return c
end

-- The helpers call these, whatever a script makes of its table.
local api = copy(memory)

local function fail(level, ...)
	error(format(...), level + 1)
end

-- Replies. An agent meets the same tools outside of scripts, where some members
-- have other names: these can be read here as well. They come by __index, so that
-- what a script returns or goes through is not twice as large. A name that no reply
-- of the method has is an error: nil would read as "nothing there".
local mark = "a reply of the memory"
local function entity_member(e, k)
	if k == "entityType" then return rawget(e, "type") end
end
local function addition_member(o, k)
	local texts = k == "added" and rawget(o, "addedObservations")
	if texts then return #texts end
end

local function where(list, condition)
	local out = {}
	for _, x in ipairs(list) do
		if condition(x) then out[#out + 1] = x end
	end
	return out
end
local function is_created(x) return x.action == "created" end
local function is_not_created(x) return x.action ~= "created" end
local function or_nil(list) return list[1] and list or nil end
local function when_nothing(r)
	return not r.success and "nothing deleted" or nil
end
local function count_deleted(r)
	local n = 0
	for _, x in ipairs(r.results) do n = n + x.deleted end
	return n
end

-- gives: the members of the reply, in the order in which they are named; those that
-- are not always there read as nil. derived: the tool's members that follow from
-- these. moved: `results` of the socket go by the tool's name, `entities`. rows: lists
-- whose entries have members of the tool, too (`row`).
local graph = {gives = "entities relations missing next partial",
	rows = {"entities"}, row = entity_member, derived = {}}
local written = " change failed note dry_run"
local at_odds = " conflicts conflict_count conflicts_later"
local history = {gives = "changes next partial", rows = {}, derived = {}}
local shapes = {
	open_nodes = graph, read_graph = graph,
	memory_history = history, history = history,
	search_nodes = {
		gives = "entities relations results count next partial omitted",
		rows = {"entities"}, row = entity_member, moved = true, derived = {
		results = function(r) return rawget(r, "entities") end,
		count = function(r) return #(rawget(r, "entities") or {}) end}},
	recall = {gives = "results count relevant receipt omitted sources " ..
		"partial note next", rows = {"results"}, row = entity_member, derived = {}},
	create_entities = {
		gives = "entities updated results" .. at_odds .. written,
		rows = {}, derived = {
		entities = function(r) return where(r.results, is_created) end,
		updated = function(r)
			return or_nil(where(r.results, is_not_created))
		end}},
	create_relations = {gives = "relations created unchanged results" ..
		at_odds .. written, rows = {}, derived = {
		relations = function(r) return where(r.results, is_created) end,
		created = function(r) return #where(r.results, is_created) end,
		unchanged = function(r)
			local n = #where(r.results, is_not_created)
			return n > 0 and n or nil
		end}},
	add_observations = {gives = "results" .. at_odds .. written,
		rows = {"results"},
		row = addition_member, derived = {}},
	delete_entities = {gives = "success deleted missing hints message" ..
		written, rows = {}, derived = {
		success = function(r) return #r.deleted > 0 end,
		message = when_nothing}},
	delete_observations = {gives = "success deleted missing results " ..
		"message" .. written, rows = {}, derived = {
		deleted = count_deleted, message = when_nothing,
		success = function(r) return count_deleted(r) > 0 end,
		missing = function(r)
			local out = {}
			for _, x in ipairs(r.results) do
				if x.missing and x.missing[1] then
					out[#out + 1] = {entityName = x.entityName,
						observations = x.missing,
						nearest = x.nearest, hints = x.hints}
				end
			end
			return or_nil(out)
		end}},
	delete_relations = {gives = "success deleted missing missing_at message" ..
		written, rows = {}, derived = {
		success = function(r) return r.deleted > 0 end,
		message = when_nothing}},
}

local function completing(name, shape)
	local known = {}
	for k in gmatch(shape.gives, "%S+") do known[k] = true end
	local function index(r, k)
		local f = shape.derived[k]
		if f then return f(r) end
		if known[k] then return nil end
		local has = gsub(shape.gives, " ", ", ")
		if type(k) == "number" then
			fail(2, "a reply of %s is no list; it has %s", name, has)
		end
		fail(2, "a reply of %s has no '%s'; it has %s", name, tostring(k),
			has)
	end
	local whole = {__index = index, __metatable = mark}
	local row = {__index = shape.row, __metatable = false}
	return function(reply)
		if getmetatable(reply) ~= nil then return end
		if shape.moved then
			reply.entities, reply.results, reply.count = reply.results
		end
		setmetatable(reply, whole)
		for _, k in ipairs(shape.rows) do
			for _, e in ipairs(rawget(reply, k) or {}) do
				if type(e) == "table" and getmetatable(e) == nil then
					setmetatable(e, row)
				end
			end
		end
	end
end

local complete = {}
for name, shape in pairs(shapes) do
	complete[name] = completing(name, shape)
	if docs[name] and docs[name] ~= "" then
		docs[name] = docs[name] .. "\nThe reply has " ..
			gsub(shape.gives, " ", ", ") ..
			". What is not always there reads as nil; any other " ..
			"name is an error."
	end
end

-- A member of what may be a reply, without that error.
local function member(t, k)
	if getmetatable(t) == mark then return rawget(t, k) end
	return t[k]
end

-- Lists come as arrays or as whole replies of a method.
local function list_of(fname, t)
	if type(t) ~= "table" then
		fail(3, "%s: expected a list or a reply with one, got %s",
			fname, type(t))
	end
	if member(t, 1) == nil then
		for _, k in ipairs{"results", "entities", "changes", "items",
			"facts"} do
			local list = member(t, k)
			if type(list) == "table" then return list end
		end
	end
	return t
end

-- "metadata.source" of an entity; a function is called; names of other
-- writers are understood.
local alias = {entityType = "type", type = "entityType", date = "created_at"}
local function get(e, field)
	if type(field) == "function" then return field(e) end
	if type(e) ~= "table" then return nil end
	local v = member(e, field)
	if v == nil and type(field) == "string" then
		if alias[field] then v = member(e, alias[field]) end
		if v == nil and match(field, "%.") then
			v = e
			for part in gmatch(field, "[^.]+") do
				if type(v) ~= "table" then return nil end
				local w = v[part]
				if w == nil then w = v[tonumber(part)] end
				v = w
			end
		end
	end
	if rawequal(v, null) then return nil end
	return v
end

local function number_of(e, field)
	local v = field == nil and e or get(e, field)
	return type(v) == "number" and v or nil
end

-- Seconds since 1970 of a number (milliseconds when large), "2026-11-20" or
-- "2026-11-20T08:05:33Z"; nil when it is none. is_end: of a mere date its end.
local function seconds(v, is_end)
	if type(v) == "number" then
		return v > 1e11 and v / 1000 or v
	end
	if type(v) ~= "string" then return nil end
	local y, m, d, rest = match(v, "^(%d%d%d%d)-(%d%d)-(%d%d)(.*)$")
	if not y then return nil end
	local h, min, s, zone = match(rest, "^[T ](%d%d):(%d%d):?([%d.]*)(.*)$")
	if not h and rest ~= "" then return nil end
	local t = time{year = tonumber(y), month = tonumber(m), day = tonumber(d),
		hour = tonumber(h or 0), min = tonumber(min or 0), sec = 0}
	if not h then return is_end and t + 86399.999 or t end
	t = t + (tonumber(s) or 0)
	local sign, zh, zm = match(zone, "^([+-])(%d%d):?(%d%d)$")
	if sign then
		local offset = (tonumber(zh) * 60 + tonumber(zm)) * 60
		t = sign == "+" and t - offset or t + offset
	end
	return t
end

local function when(e, field)
	if field then return seconds(get(e, field)) end
	if type(e) ~= "table" then return seconds(e) end
	return seconds(member(e, "created_at")) or seconds(member(e, "at")) or
		seconds(member(e, "updated_at")) or seconds(member(e, "date"))
end

-- Order of values of any types: numbers, then texts, then the rest as text.
local function before(a, b)
	local ta, tb = type(a), type(b)
	if ta == tb and (ta == "number" or ta == "string") then return a < b end
	if ta == "number" or tb == "number" then return ta == "number" end
	return tostring(a) < tostring(b)
end

local function sorted_keys(t)
	local keys = {}
	for k in pairs(t) do keys[#keys + 1] = k end
	sort(keys, before)
	return keys
end

-- A key that is equal for equal values, whatever they are.
local function fingerprint(v, depth)
	depth = depth or 0
	if type(v) ~= "table" then return type(v) .. ":" .. tostring(v) end
	if depth > 16 then fail(3, "deduplicate: nested deeper than 16") end
	local parts = {}
	for i, k in ipairs(sorted_keys(v)) do
		parts[i] = tostring(k) .. "=" .. fingerprint(v[k], depth + 1)
	end
	local s = concat(parts, ",")
	return "{" .. #s .. ":" .. s .. "}"
end

local H, help = {}, {}

help.filter_by_type = "filter_by_type(list, type...): the entities of these types."
function H.filter_by_type(list, ...)
	local wanted, out = {}, {}
	for i = 1, select("#", ...) do
		local t = select(i, ...)
		if type(t) == "table" then
			for _, v in ipairs(t) do wanted[v] = true end
		elseif t == nil then
			fail(2, "filter_by_type: type %d is nil", i)
		else
			wanted[t] = true
		end
	end
	for _, e in ipairs(list_of("filter_by_type", list)) do
		local t = get(e, "type")
		if t ~= nil and wanted[t] then out[#out + 1] = e end
	end
	return out
end

help.filter_by_confidence = "filter_by_confidence(list, min[, max]): entries " ..
	"whose confidence (else metadata.confidence, else score) is within."
function H.filter_by_confidence(list, min, max)
	min, max = min or 0, max or huge
	local out = {}
	for _, e in ipairs(list_of("filter_by_confidence", list)) do
		local c = number_of(e, "confidence") or
			number_of(e, "metadata.confidence") or number_of(e, "score")
		if c and c >= min and c <= max then out[#out + 1] = e end
	end
	return out
end

help.filter_by_date_range = "filter_by_date_range(list, from, to[, field]): " ..
	"entries between two times (ISO texts or seconds, nil: open); field: " ..
	"created_at, else at, else updated_at."
function H.filter_by_date_range(list, from, to, field)
	local lo, hi = -huge, huge
	if from ~= nil then
		lo = seconds(from) or fail(2, "filter_by_date_range: from " ..
			"'%s' is no date; use 2026-11-20 or seconds", tostring(from))
	end
	if to ~= nil then
		hi = seconds(to, true) or fail(2, "filter_by_date_range: to " ..
			"'%s' is no date; use 2026-11-20 or seconds", tostring(to))
	end
	local out = {}
	for _, e in ipairs(list_of("filter_by_date_range", list)) do
		local t = when(e, field)
		if t and t >= lo and t <= hi then out[#out + 1] = e end
	end
	return out
end

help.top_n = "top_n(list, n[, field or function]): the n entries with the " ..
	"greatest value (default: score), greatest first; equal ones keep their order."
function H.top_n(list, n, field)
	field = field or "score"
	local all, out = {}, {}
	for i, e in ipairs(list_of("top_n", list)) do
		local v = type(e) == "number" and field == "score" and e or
			get(e, field)
		if v ~= nil then all[#all + 1] = {v, i, e} end
	end
	sort(all, function(a, b)
		if before(b[1], a[1]) then return true end
		if before(a[1], b[1]) then return false end
		return a[2] < b[2]
	end)
	for i = 1, n < #all and n or #all do out[i] = all[i][3] end
	return out
end

help.group_by = "group_by(list, field or function): {value = {entries}}; " ..
	"entries without the field are under '(none)'."
function H.group_by(list, field)
	if field == nil then fail(2, "group_by: the field is missing") end
	local out = {}
	for _, e in ipairs(list_of("group_by", list)) do
		local k = get(e, field)
		if k == nil then k = "(none)" end
		if type(k) ~= "string" then k = tostring(k) end
		local g = out[k]
		if not g then g = {}; out[k] = g end
		g[#g + 1] = e
	end
	return api.object(out)
end

help.deduplicate = "deduplicate(list[, field or function]): the first of " ..
	"equal entries; equal: the field, else id, else name, else all."
function H.deduplicate(list, field)
	local seen, out = {}, {}
	for _, e in ipairs(list_of("deduplicate", list)) do
		local v
		if field ~= nil then v = get(e, field)
		elseif type(e) == "table" then
			v = member(e, "id")
			if v == nil then v = member(e, "name") end
			if v == nil then v = e end
		else v = e end
		local k = fingerprint(v)
		if not seen[k] then
			seen[k] = true
			out[#out + 1] = e
		end
	end
	return out
end

help.combine_results = "combine_results(list...): one list of all, each " ..
	"entry once (see deduplicate), in order of appearance."
function H.combine_results(...)
	local all = {}
	for i = 1, select("#", ...) do
		local l = select(i, ...)
		if l ~= nil then
			for _, e in ipairs(list_of("combine_results", l)) do
				all[#all + 1] = e
			end
		end
	end
	return H.deduplicate(all)
end

help.extract_field = "extract_field(list, field or function): the values, " ..
	"entries without it left out; 'metadata.source' goes deeper."
function H.extract_field(list, field)
	if field == nil then fail(2, "extract_field: the field is missing") end
	local out = {}
	for _, e in ipairs(list_of("extract_field", list)) do
		local v = get(e, field)
		if v ~= nil then out[#out + 1] = v end
	end
	return out
end

local function tally(list, field)
	local n = {}
	for _, e in ipairs(list) do
		local k = get(e, field)
		k = k == nil and "(none)" or tostring(k)
		n[k] = (n[k] or 0) + 1
	end
	return api.object(n)
end

help.summarize_results = "summarize_results(list[, n]): {count, by_type, " ..
	"sample}: the names of the first n (5) and the start of their first " ..
	"observation."
function H.summarize_results(list, n)
	list = list_of("summarize_results", list)
	local sample = {}
	for i = 1, n or 5 do
		local e = list[i]
		if e == nil then break end
		if type(e) == "table" then
			local o = member(e, "observations")
			o = o and o[1]
			if type(o) == "table" then o = o.text end
			if type(o) == "string" and #o > 120 then
				local cut = offset(o, 0, 118)
				o = sub(o, 1, cut - 1) .. "..."
			end
			sample[i] = {name = member(e, "name"), type = get(e, "type"), text = o}
		else
			sample[i] = e
		end
	end
	return {count = #list, by_type = tally(list, "type"), sample = sample}
end

help.calculate_statistics = "calculate_statistics(numbers): {count, sum, " ..
	"min, max, mean, median, stddev (of the whole), p90}."
function H.calculate_statistics(list)
	local v, sum = {}, 0
	for _, x in ipairs(list_of("calculate_statistics", list)) do
		if type(x) == "number" and x == x then
			v[#v + 1] = x
			sum = sum + x
		end
	end
	local n = #v
	if n == 0 then return {count = 0, sum = 0} end
	sort(v)
	local mean, square = sum / n, 0
	for i = 1, n do square = square + (v[i] - mean) ^ 2 end
	local half = (n + 1) // 2
	local median = n % 2 == 1 and v[half] or (v[half] + v[half + 1]) / 2
	local at = floor(0.9 * n + 0.999999)
	return {count = n, sum = sum, min = v[1], max = v[n], mean = mean,
		median = median, stddev = sqrt(square / n),
		p90 = v[at < 1 and 1 or at]}
end

help.aggregate_stats = "aggregate_stats(list, field[, group]): statistics of " ..
	"a number in each entry; with group: {value = statistics} by that field."
function H.aggregate_stats(list, field, group)
	list = list_of("aggregate_stats", list)
	if field == nil then fail(2, "aggregate_stats: the field is missing") end
	local function of(l)
		local v = {}
		for _, e in ipairs(l) do v[#v + 1] = number_of(e, field) end
		return H.calculate_statistics(v)
	end
	if group == nil then return of(list) end
	local out = {}
	for k, l in pairs(H.group_by(list, group)) do out[k] = of(l) end
	return api.object(out)
end

help.aggregate_by_tier = "aggregate_by_tier(list): {tier = count}; read " ..
	"the entities with fields = {'name', 'tier'}."
function H.aggregate_by_tier(list)
	return tally(list_of("aggregate_by_tier", list), "tier")
end

help.aggregate_by_date = "aggregate_by_date(list[, unit[, field]]): " ..
	"[{date, count}], oldest first; unit: day (default), month, year or hour."
local units = {year = "%Y", month = "%Y-%m", day = "%Y-%m-%d",
	hour = "%Y-%m-%dT%H"}
function H.aggregate_by_date(list, unit, field)
	local f = units[unit or "day"]
	if not f then
		fail(2, "aggregate_by_date: unit '%s'; there are day, month, year, hour",
			tostring(unit))
	end
	local n, out = {}, {}
	for _, e in ipairs(list_of("aggregate_by_date", list)) do
		local t = when(e, field)
		if t then
			local k = date(f, floor(t))
			n[k] = (n[k] or 0) + 1
		end
	end
	for i, k in ipairs(sorted_keys(n)) do out[i] = {date = k, count = n[k]} end
	return out
end

-- One value on one line.
local function short(v, depth)
	if type(v) ~= "table" then
		return type(v) == "string" and v or tostring(v)
	end
	if depth > 8 then return "..." end
	local parts = {}
	if member(v, 1) ~= nil then
		for i, x in ipairs(v) do parts[i] = short(x, depth + 1) end
		return concat(parts, ", ")
	end
	for i, k in ipairs(sorted_keys(v)) do
		parts[i] = tostring(k) .. ": " .. short(v[k], depth + 1)
	end
	return concat(parts, "; ")
end

local function lines(v, indent, out, depth)
	if type(v) ~= "table" or depth > 8 then
		out[#out + 1] = rep("  ", indent) .. short(v, depth)
		return
	end
	if member(v, 1) ~= nil then
		for _, x in ipairs(v) do
			out[#out + 1] = rep("  ", indent) .. "- " .. short(x, depth + 1)
		end
		return
	end
	for _, k in ipairs(sorted_keys(v)) do
		local x = v[k]
		if type(x) == "table" and next(x) ~= nil then
			out[#out + 1] = rep("  ", indent) .. tostring(k) .. ":"
			lines(x, indent + 1, out, depth + 1)
		else
			out[#out + 1] = rep("  ", indent) .. tostring(k) .. ": " ..
				short(x, depth)
		end
	end
end

help.format_output = "format_output(value[, style]): text for a reader; style: " ..
	"text (default), or table for a list of records (Markdown)."
function H.format_output(v, style)
	local out = {}
	if style == nil or style == "text" then
		lines(v, 0, out, 0)
		return concat(out, "\n")
	end
	if style ~= "table" then
		fail(2, "format_output: style '%s'; there are text and table",
			tostring(style))
	end
	local columns, seen = {}, {}
	local list = list_of("format_output", v)
	for _, e in ipairs(list) do
		if type(e) ~= "table" then
			fail(2, "format_output: a table needs a list of records")
		end
		for _, k in ipairs(sorted_keys(e)) do
			if not seen[k] then
				seen[k] = true
				columns[#columns + 1] = tostring(k)
			end
		end
	end
	local function row(cells)
		out[#out + 1] = "| " .. concat(cells, " | ") .. " |"
	end
	row(columns)
	local bars = {}
	for i = 1, #columns do bars[i] = "---" end
	row(bars)
	for _, e in ipairs(list) do
		local cells = {}
		for i, c in ipairs(columns) do
			local x = member(e, c)
			if x == nil then x = member(e, tonumber(c)) end
			local s = x == nil and "" or short(x, 0)
			cells[i] = gsub(gsub(s, "\n", " "), "|", "\\|")
		end
		row(cells)
	end
	return concat(out, "\n")
end

help.each = "for e in memory.each{query=, type=, types=, limit=, fields=, " ..
	"page=} do: every entity (or every search result), read page by page; " ..
	"options of the reading method pass through."
function memory.each(options)
	if options ~= nil and type(options) ~= "table" then
		fail(2, "memory.each: expected a table of options")
	end
	local params, wanted = {}, nil
	local left, page = huge, 100
	for k, v in pairs(options or {}) do
		if k == "limit" then left = v
		elseif k == "page" then page = v
		elseif k == "type" then wanted = {[v] = true}
		elseif k == "types" then
			wanted = {}
			for _, t in ipairs(v) do wanted[t] = true end
		else params[k] = v end
	end
	local read = params.query and api.search_nodes or api.read_graph
	if not read then fail(2, "memory.each: there is nothing to read from") end
	local types_pass = params.query and wanted
	if types_pass then params.types = sorted_keys(wanted) end
	if params.relations == nil then params.relations = false end
	local strip
	if wanted and params.fields then
		local has
		for _, f in ipairs(params.fields) do has = has or f == "type" end
		if not has then
			strip = true
			local fields = {"type"}
			for _, f in ipairs(params.fields) do fields[#fields + 1] = f end
			params.fields = fields
		end
	end
	params.limit = page
	local items, at, is_last = {}, 0, false
	return function()
		if left <= 0 then return nil end
		while true do
			at = at + 1
			local e = items[at]
			if e == nil then
				if is_last then return nil end
				local reply = read(params)
				items = member(reply, "results") or
					member(reply, "entities") or {}
				at = 0
				params.cursor = reply.next
				is_last = reply.next == nil
			elseif not wanted or wanted[get(e, "type")] then
				if strip then e.type = nil end
				left = left - 1
				return e
			end
		end
	end
end

-- What only the helpers call has no documentation.
local skill_begin, skill_end = memory.skill_begin, memory.skill_end
for i = #names, 1, -1 do
	if docs[names[i]] == "" then
		memory[names[i]] = nil
		remove(names, i)
	end
end

-- What a skill finds: the globals as no script has touched them. Each skill gets
-- copies of the tables, so that what it changes in them is its own.
local pristine, hidden = {}, {}
local sees_hidden = {__metatable = false,
	__index = function(_, k) return hidden[k] end}
local function globals_of_skill(args)
	local env = {}
	for k, v in next, pristine do
		env[k] = type(v) == "table" and copy(v) or v
	end
	if next(hidden) ~= nil then
		setmetatable(env, sees_hidden)
		setmetatable(env.memory, sees_hidden)
	end
	env._G, env.args = env, args
	return env
end

-- In a coroutine, and with its own methods of texts, until it ends.
local function run_apart(f, env)
	local before = strings(env.string)
	local co = create(f)
	local out = pack(resume(co))
	strings(before)
	if out[1] and status(co) ~= "dead" then
		return {false, "a skill cannot yield to the script that runs it",
			n = 2}
	end
	return out
end

help.run_skill = "run_skill(name[, params[, version]]): runs a saved skill " ..
	"with params as its `args` and returns what it returns. Its globals and " ..
	"library tables are its own."
function H.run_skill(name, params, version)
	if not skill_begin then fail(2, "run_skill: there are no skills here") end
	local skill = skill_begin{name = name, version = version}
	local env = globals_of_skill(params == nil and {} or params)
	local f, why = compile(skill.code, "=skill " .. name, env)
	local out = f and run_apart(f, env) or {false, why, n = 2}
	skill_end{run = skill.run, ok = out[1]}
	if not out[1] then error(out[2], 0) end
	if out.n == 1 then return env.result end
	return unpack(out, 2, out.n)
end

help.object = "memory.object([table]): an empty table that stays {} in JSON."
help.null = "memory.null: JSON's null inside tables."
help.help = "memory.help([name]): this list, or one entry."

function memory.help(name)
	if name == nil then
		local out = {"memory.NAME{param = value, ...} calls the memory; " ..
			"memory.help('NAME') tells its parameters and what a " ..
			"reply has. Methods:"}
		for _, n in ipairs(names) do
			out[#out + 1] = "  " .. n .. ": " ..
				(match(docs[n] or "", "^[^\n]*") or "")
		end
		out[#out + 1] = "Not there yet: classify_content, " ..
			"analyze_patterns."
		out[#out + 1] = "Helpers (globals too, but each, object, null, help):"
		for _, n in ipairs(sorted_keys(help)) do
			out[#out + 1] = "  " .. help[n]
		end
		return concat(out, "\n")
	end
	local text = docs[name] or help[name]
	if text == nil and hidden[name] then
		fail(2, "memory.help: '%s' is not among the tools of this agent; " ..
			"a call of it says which profile has it", tostring(name))
	end
	if text == nil then
		fail(2, "memory.help: there is no '%s'; memory.help() lists all",
			tostring(name))
	end
	return text
end

for name, f in pairs(H) do
	memory[name] = f
	if G[name] == nil then G[name] = f end
end
for k, v in next, G do
	if type(v) ~= "table" then pristine[k] = v
	elseif v ~= G then pristine[k] = copy(v) end
end

-- A method that a script lacks is in no list; who calls it by name all the same
-- is told by the memory why it is not there.
local function hide(name)
	local f = memory[name]
	hidden[name] = f
	memory[name], pristine.memory[name], pristine[name] = nil, nil, nil
	if G[name] == f then G[name] = nil end
	docs[name], help[name] = nil, nil
end

return function(without)
	if #without == 0 then return end
	for _, name in ipairs(without) do hide(name) end
	for i = #names, 1, -1 do
		if hidden[names[i]] then remove(names, i) end
	end
	setmetatable(memory, sees_hidden)
	setmetatable(G, {__index = sees_hidden.__index})
end, complete
