-- Cookies of the request and Set-Cookie of the response: https://www.rfc-editor.org/rfc/rfc6265

local SAME_SITE_VALUES = { Strict = true, Lax = true, None = true }

local _M = {}
_M.__index = _M

local function parse(header)
  local cookies = {}
  for name, value in header:gmatch("([^=;%s]+)=([^;%s]*)") do
    cookies[name] = value
  end
  return cookies
end

local function serialise(cookie)
  local parts = { cookie.key .. "=" .. cookie.value }
  local function add(name, value)
    if value then
      table.insert(parts, value == true and name or name .. "=" .. value)
    end
  end
  add("Expires", cookie.expires)
  add("Max-Age", cookie.max_age)
  add("Domain", cookie.domain)
  add("Path", cookie.path)
  add("Secure", cookie.secure)
  add("HttpOnly", cookie.httponly)
  if SAME_SITE_VALUES[cookie.samesite] then
    add("SameSite", cookie.samesite)
  elseif cookie.samesite then
    ngx.log(ngx.WARN, "SameSite of cookie ", cookie.key, " left out: Strict, Lax or None expected, found ", cookie.samesite)
  end
  return table.concat(parts, "; ")
end

--- Cookies of the current request.
function _M.new(class)
  return setmetatable({ header = ngx.var.http_cookie }, class)
end

--- Value of a cookie that the client sent, else nil and a reason.
function _M.get(self, name)
  if not self.header then
    return nil, "the request has no cookie"
  end
  self.cookies = self.cookies or parse(self.header)
  return self.cookies[name]
end

--- Add a Set-Cookie header: key, value and optional expires, max_age, domain, path, secure, httponly, samesite.
function _M.set(_, cookie)
  if not (cookie.key and cookie.value) then
    return nil, "a cookie needs key and value"
  end
  local new, headers = serialise(cookie), ngx.header["Set-Cookie"] or {}
  if type(headers) == "string" then
    headers = { headers }
  end
  for _, header in ipairs(headers) do
    if header == new then
      return true
    end
  end
  table.insert(headers, new)
  ngx.header["Set-Cookie"] = headers
  return true
end

return _M
