-- Appends to a list, once.
-- KEYS: the list; the fence, if there is one.
-- ARGV: value; how many values are kept; how many ms the list is kept; term, or empty, and how many ms it is remembered.
if not lets_pass(KEYS[2], ARGV[4], ARGV[5]) then
  return fenced()
end
for _, value in ipairs(redis.call('LRANGE', KEYS[1], -16, -1)) do
  if value == ARGV[1] then
    return 0
  end
end
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], '-' .. ARGV[2], -1)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
