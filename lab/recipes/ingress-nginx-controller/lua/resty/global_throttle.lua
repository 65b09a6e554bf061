-- Asked for the annotations global-rate-limit* only; the caller logs the reason and lets the request pass.

local _M = {}

function _M.new()
  return nil, "this image is built without lua-resty-global-throttle"
end

return _M
