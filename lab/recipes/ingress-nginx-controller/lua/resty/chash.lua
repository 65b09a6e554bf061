-- Consistent hashing of keys to weighted nodes, with rings built as nginx builds them for `hash KEY consistent`:
-- https://nginx.org/en/docs/http/ngx_http_upstream_module.html#hash

local bit = require("bit")

local crc32 = ngx.crc32_long

local POINTS_PER_WEIGHT = 160

local _M = {}
_M.__index = _M

local function little_endian(number)
  local band, rshift = bit.band, bit.rshift
  return string.char(band(number, 255), band(rshift(number, 8), 255), band(rshift(number, 16), 255), rshift(number, 24))
end

local function build_ring(nodes)
  local ring, owners = {}, {}
  for id, weight in pairs(nodes) do
    local point = 0
    for _ = 1, weight * POINTS_PER_WEIGHT do
      point = crc32(id .. little_endian(point))
      if not owners[point] then
        table.insert(ring, point)
      end
      -- Nodes that meet on one point: all workers must choose alike, and `pairs` gives each its own order.
      if not owners[point] or id < owners[point] then
        owners[point] = id
      end
    end
  end
  table.sort(ring)
  return ring, owners
end

--- nodes: map of node id to weight (a whole number).
function _M.new(class, nodes)
  local self = setmetatable({}, class)
  self:reinit(nodes)
  return self
end

--- Replace all nodes; keys move only where a node came or went.
function _M.reinit(self, nodes)
  self.nodes = {}
  for id, weight in pairs(nodes) do
    self.nodes[id] = weight
  end
  self.ring, self.owners = build_ring(nodes)
end

--- The node id that owns the first point at or after the key's hash, nil if there is no node.
function _M.find(self, key)
  local ring, hash = self.ring, crc32(tostring(key))
  local low, high = 1, #ring + 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    if ring[middle] < hash then
      low = middle + 1
    else
      high = middle
    end
  end
  return self.owners[ring[low] or ring[1]]
end

return _M
