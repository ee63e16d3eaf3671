-- For wrk: sends requests out of a file, which returns a list of {method, path, body, headers}, and prints its counts as JSON.
local formatted = {}

function init(arguments)
  for number, one in ipairs(dofile(arguments[1])) do
    formatted[number] = wrk.format(one[1], one[2], one[4], one[3])
  end
  math.randomseed(7)
end

function request()
  if #formatted == 1 then return formatted[1] end
  return formatted[math.random(#formatted)]
end

dofile((debug.getinfo(1, "S").source:sub(2):gsub("[^/]*$", "")) .. "counts.lua")
