-- Asked for OCSP stapling only (option enable-ocsp); this image has no HTTP client for Lua, and says so in the error log.

local _M = {}
_M.__index = _M

function _M.new()
  return setmetatable({}, _M)
end

function _M.set_timeout() end

function _M.parse_uri()
  return nil, "this image is built without lua-resty-http, so OCSP responses cannot be fetched"
end

return _M
