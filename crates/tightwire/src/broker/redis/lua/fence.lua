-- Takes over: whoever held it is shut out from now on.
-- KEYS: the fence
-- ARGV: how many ms it is remembered
-- Returns the next term.
local term = int(tonumber(redis.call('GET', KEYS[1]) or '0') + 1)
redis.call('SET', KEYS[1], term, 'PX', ARGV[1])
return term
