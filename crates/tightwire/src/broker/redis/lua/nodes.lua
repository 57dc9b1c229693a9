-- Notes what a node says of itself, and gives what the others say.
-- KEYS: what all nodes have said.
-- ARGV: node; after how many ms without a word it is gone; what it says, or nothing: it leaves.
local there, gone = {}, {}
local said = redis.call('HGETALL', KEYS[1])
for index = 1, #said, 2 do
  local at, kept, words = string.match(said[index + 1], '^(%d+) (%d+) (.*)$')
  if said[index] ~= ARGV[1] then
    local age = at and math.max(now - tonumber(at), 0)
    if age and age < tonumber(kept) then
      table.insert(there, { said[index], int(age), words })
    else
      -- Whoever finds it gone is the only one that is told.
      redis.call('HDEL', KEYS[1], said[index])
      if age then
        table.insert(gone, { said[index], int(age), words })
      end
    end
  end
end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], int(now) .. ' ' .. ARGV[2] .. ' ' .. ARGV[3])
  -- Long enough for a system that was killed as a whole to find, when it is started again, who it was.
  redis.call('PEXPIRE', KEYS[1], math.max(3600000, tonumber(ARGV[2])))
end
return { there, gone }
