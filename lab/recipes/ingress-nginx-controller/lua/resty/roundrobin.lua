-- Weighted round robin, interleaved by weight as in LVS: weights 3 and 1 give a, a, a, b.
-- https://en.wikipedia.org/wiki/Weighted_round_robin#Interleaved_WRR

local _M = {}
_M.__index = _M

local function greatest_common_divisor(a, b)
  while b > 0 do
    a, b = b, a % b
  end
  return a
end

local function build_schedule(nodes)
  local heaviest, divisor = 0, 0
  for _, weight in pairs(nodes) do
    heaviest = math.max(heaviest, weight)
    divisor = greatest_common_divisor(weight, divisor)
  end
  if heaviest == 0 then
    error("round robin needs a node with a weight above zero")
  end
  local schedule = {}
  for threshold = heaviest, divisor, -divisor do
    for id, weight in pairs(nodes) do
      if weight >= threshold then
        table.insert(schedule, id)
      end
    end
  end
  return schedule
end

--- nodes: map of node id to weight (a whole number).
function _M.new(class, nodes)
  local self = setmetatable({}, class)
  self:reinit(nodes)
  return self
end

--- Replace all nodes and start at a random turn, so that workers do not all begin with one node.
function _M.reinit(self, nodes)
  self.nodes = {}
  for id, weight in pairs(nodes) do
    self.nodes[id] = weight
  end
  self.schedule = build_schedule(self.nodes)
  self.turn = math.random(#self.schedule)
end

--- The node id whose turn it is.
function _M.find(self)
  self.turn = self.turn % #self.schedule + 1
  return self.schedule[self.turn]
end

return _M
