-- Asked for the annotation global-rate-limit-ignored-cidrs only; the caller logs the reason and ignores no client.

local _M = {}

function _M.new()
  return nil, "this image is built without lua-resty-ipmatcher"
end

return _M
