-- For wrk: sends documents of which none was sent before, each one new field's name, and counts as load.lua does.
local number = 0

function init(arguments)
  number = tonumber(arguments[1])
end

function request()
  number = number + 1
  local body = string.format('{"query": "query Q%d { a%d: viewer { id name } }"}', number, number)
  return wrk.format("POST", "/graphql", {["Content-Type"] = "application/json"}, body)
end

dofile((debug.getinfo(1, "S").source:sub(2):gsub("[^/]*$", "")) .. "counts.lua")
