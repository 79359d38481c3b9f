-- What wrk measured, as one line of JSON; times in microseconds. With a file of cookies as its argument, one in each line,
-- requests take turns with them: distinct sessions, as people have.
local requests, turn = {}, 0

init = function(args)
  if not args[1] then return end
  for cookie in io.lines(args[1]) do
    local headers = {}
    for name, value in pairs(wrk.headers) do headers[name] = value end
    headers["Cookie"] = cookie
    requests[#requests + 1] = wrk.format(nil, nil, headers)
  end
  -- Defined only where it is needed: wrk calls it for every request.
  request = function()
    turn = turn % #requests + 1
    return requests[turn]
  end
end

done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"duration":%d,"bytes":%d,"p50":%.1f,"p99":%.1f,"errors":%d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
