-- A lock that all workers share: whoever can add a key to the shared dictionary holds it, until unlock or expiry.
-- https://github.com/openresty/lua-nginx-module#ngxshareddictadd

local _M = {}
_M.__index = _M

--- options: exptime in seconds (30 if absent); timeout must be 0, a lock here never waits.
function _M.new(class, dictionary_name, options)
  local dictionary = ngx.shared[dictionary_name]
  if not dictionary then
    return nil, "dictionary not found"
  end
  if options.timeout ~= 0 then
    return nil, "waiting for a lock is not supported: timeout 0 expected, found " .. tostring(options.timeout)
  end
  return setmetatable({ dictionary = dictionary, expiry = options.exptime or 30 }, class)
end

--- 0 (seconds waited) when the lock was taken; else nil and "timeout" when another holds it, "locked" when this object does.
function _M.lock(self, key)
  if self.key then
    return nil, "locked"
  end
  local added, reason = self.dictionary:add(key, true, self.expiry)
  if not added then
    return nil, reason == "exists" and "timeout" or reason
  end
  self.key = key
  return 0
end

--- 1 when the lock was given back, else nil and a reason.
function _M.unlock(self)
  if not self.key then
    return nil, "unlocked"
  end
  local deleted, reason = self.dictionary:delete(self.key)
  if not deleted then
    return nil, reason
  end
  self.key = nil
  return 1
end

return _M
