-- What every script begins with.

-- A number as text: Lua would write large ones as 1.7e+12.
local function int(number)
  return string.format('%.0f', number)
end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

-- The shard's generation and the number of its newest publication. `seen` is the newest that the caller knows of: where
-- the shard is behind that, what is in this server was lost or is older than what was there before. Then a new generation
-- begins, in which every topic begins in a new epoch.
local function shard(state, stream, seen_generation, seen_number, shards)
  local known = redis.call('HMGET', state, 'generation', 'number')
  local generation, number = tonumber(known[1]), tonumber(known[2])
  local seen = tonumber(seen_generation)
  if generation and number
    and (generation > seen or (generation == seen and number >= tonumber(seen_number))) then
    return generation, number
  end
  -- Later than everything that anybody can have seen, so that the ids of entries go on rising.
  local newest = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)
  local last = newest[1] and tonumber(string.match(newest[1][1], '^%d+')) or 0
  generation = math.max(now, seen + 1, last + 1, (generation or 0) + 1)
  redis.call('HSET', state, 'generation', int(generation), 'number', '0', 'shards', shards)
  return generation, 0
end
