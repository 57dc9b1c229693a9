-- How far the shard is.
-- KEYS: 1 state, 2 stream
-- ARGV: 1 generation and 2 number that the caller has seen, 3 number of shards, 4 a new name
-- Returns the generation, the number, and the number of shards of whoever began it.

local generation, number = shard(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[4])
return { int(generation), int(number), redis.call('HGET', KEYS[1], 'shards') }
