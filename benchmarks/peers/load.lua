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

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "microseconds": %d, "refused": %d, "broken": %d, "p50": %.3f, "p99": %.3f}\n',
    summary.requests, summary.duration, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
