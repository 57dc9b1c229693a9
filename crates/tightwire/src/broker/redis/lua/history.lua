-- Where a topic is, and what is kept of it.
-- KEYS: 1 state, 2 stream, 3 history, 4 meta
-- ARGV: 1 generation and 2 number that the caller has seen, 3 number of shards, 4 a new name,
--   5 milliseconds to keep frames, 6 milliseconds to remember a topic,
--   7 what is asked for: `position`, `all`, or `after` 8 the epoch and 9 the sequence number
-- Returns the generation, the number, the epoch, the sequence number of the newest frame and its id, that of the oldest
-- frame that is kept (0 for none), and the frames that are asked for; an empty text, if not all of them are there.

local generation, number, epochs = shard(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[4])
local meta = redis.call('HMGET', KEYS[4], 'generation', 'epoch', 'seq', 'last')
local is_known = meta[1] == int(generation)
local epoch, seq, last = epoch_now(generation, epochs, ARGV[6]), 0, ''
if is_known then
  epoch, seq, last = meta[2], tonumber(meta[3]), meta[4]
end

local function answer(oldest, frames)
  return { int(generation), int(number), epoch, int(seq), last, int(oldest), frames }
end

-- The oldest frame that is not too old, if everything from there on is kept.
local function oldest()
  local from = '-'
  while true do
    local entries = redis.call('XRANGE', KEYS[3], from, '+', 'COUNT', 16)
    for _, entry in ipairs(entries) do
      if tonumber(entry[2][4]) >= now - tonumber(ARGV[5]) then
        return tonumber(string.match(entry[1], '^%d+'))
      end
    end
    if #entries < 16 then
      return 0
    end
    from = '(' .. entries[16][1]
  end
end

if ARGV[7] == 'position' then
  return answer(0, {})
elseif not is_known then
  -- Whatever is kept is of another generation.
  local is_there = ARGV[7] == 'after' and ARGV[8] == epoch and tonumber(ARGV[9]) == 0
  return answer(0, is_there and {} or '')
elseif ARGV[7] == 'all' then
  local from = oldest()
  if from == 0 then
    return answer(0, {})
  end
  return answer(from, redis.call('XRANGE', KEYS[3], int(from) .. '-0', '+'))
end

local after = tonumber(ARGV[9])
if ARGV[8] ~= epoch or after > seq then
  return answer(oldest(), '')
elseif after == seq then
  return answer(0, {})
end
local frames = redis.call('XRANGE', KEYS[3], int(after + 1) .. '-0', '+')
if #frames ~= seq - after or tonumber(frames[1][2][4]) < now - tonumber(ARGV[5]) then
  return answer(oldest(), '')
end
return answer(after + 1, frames)
