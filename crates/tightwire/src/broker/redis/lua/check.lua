-- How far the shard is.
-- KEYS: 1 state, 2 stream
-- ARGV: 1 generation and 2 number that the caller has seen, 3 number of shards, 4 a new name, 5 the name of the newest entry
--   that it knows and 6 the id of its frame; empty, if it knows none
-- Returns the generation, the number, and the number of shards of whoever began it.

local generation, number = shard(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[4])

-- Numbers alone do not show it where so much was lost and published again: then the same entry is of another frame.
if ARGV[5] ~= '' and string.match(ARGV[5], '^%d+') == int(generation) then
  local entry = redis.call('XRANGE', KEYS[2], ARGV[5], ARGV[5])[1]
  for index = 1, entry and #entry[2] or 0, 2 do
    if entry[2][index] == 'id' and entry[2][index + 1] ~= ARGV[6] then
      generation, number = shard(KEYS[1], KEYS[2], int(generation), int(number + 1), ARGV[3], ARGV[4])
    end
  end
end

-- What is newer than the newest is of somebody else, and nothing could be published behind it.
local newest = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
if newest then
  local of, nth = string.match(newest[1], '^(%d+)-(%d+)$')
  if tonumber(of) > generation or (tonumber(of) == generation and tonumber(nth) > number) then
    redis.call('DEL', KEYS[2])
  end
end
return { int(generation), int(number), redis.call('HGET', KEYS[1], 'shards') }
