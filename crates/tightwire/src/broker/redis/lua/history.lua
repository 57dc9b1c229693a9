-- Where topics of a shard are, and what is kept of them.
-- KEYS: 1 state, 2 stream; history and meta of each topic
-- ARGV: 1 generation and 2 number that the caller has seen, 3 number of shards, 4 a new name,
--   5 milliseconds to keep frames, 6 milliseconds to remember a topic, 7 after how many bytes the answer ends;
--   what is asked for of each topic: `position`, `all`, or `after`, and the epoch and the sequence number
-- Returns the generation, the number, and for each topic, as long as the bytes suffice, the epoch, the sequence number of the
-- newest frame and its id, the sequence number of the oldest frame that is kept (0 for none) or given, and the frames that are
-- asked for, the oldest of them where they are too many: an empty text, if not all of them are there. Where a topic cannot be
-- read an error takes the place of that.

-- What a frame takes beside its data, and what a topic takes.
local BESIDE = 200

local generation, number, epochs, period = shard(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[4])
local kept_from, most, spent = now - tonumber(ARGV[5]), tonumber(ARGV[7]), 0

-- As many of the frames from this one on as an answer takes, but one at least. Nothing, if one of them is missing, or if there
-- are more than there can be.
local function frames_of(history, from, latest)
  local found, seq, largest, count = {}, from, BESIDE, 1
  while true do
    local entries = redis.call('XRANGE', history, int(seq) .. '-0', '+', 'COUNT', count)
    for _, entry in ipairs(entries) do
      if tonumber(string.match(entry[1], '^%d+')) ~= seq or seq > latest then
        return nil
      end
      local size = BESIDE + #(entry[2][14] or '')
      table.insert(found, entry)
      seq, spent, largest = seq + 1, spent + size, math.max(largest, size)
      if spent >= most then
        return found
      end
    end
    if #entries < count then
      return seq > latest and found or nil
    end
    -- Not many more than still fit, judged by the largest.
    count = math.max(1, math.min(2 * count, 64, math.floor((most - spent) / largest)))
  end
end

-- The oldest frame that is not too old, if everything from there on is kept.
local function oldest(history)
  local from, count = '-', 1
  while true do
    local entries = redis.call('XRANGE', history, from, '+', 'COUNT', count)
    spent = spent + #entries * BESIDE
    for _, entry in ipairs(entries) do
      if (tonumber(entry[2][4]) or 0) >= kept_from then
        return tonumber(string.match(entry[1], '^%d+'))
      end
    end
    if #entries < count then
      return 0
    end
    from, count = '(' .. entries[count][1], 16
  end
end

local function topic(history, meta_key, question, asked_epoch, asked_seq)
  local meta = redis.call('HMGET', meta_key, 'generation', 'epoch', 'seq', 'last')
  local is_known = meta[1] == int(generation)
  local epoch, seq, last
  if is_known then
    epoch, seq, last = meta[2], tonumber(meta[3]), meta[4]
    if not (epoch and seq and last) then
      return stranger(meta_key)
    end
  else
    epoch, seq, last = epoch_now(KEYS[1], generation, epochs, period, ARGV[6]), 0, ''
  end

  local function answer(oldest, frames)
    return { epoch, int(seq), last, int(oldest), frames }
  end

  if question == 'position' then
    return answer(0, {})
  elseif not is_known then
    -- Whatever is kept is of another generation.
    local is_there = question == 'after' and asked_epoch == epoch and tonumber(asked_seq) == 0
    return answer(0, is_there and {} or '')
  elseif question == 'all' then
    local from = oldest(history)
    return answer(from, from == 0 and {} or frames_of(history, from, seq) or '')
  end

  local after = tonumber(asked_seq)
  if asked_epoch ~= epoch or after > seq then
    return answer(oldest(history), '')
  elseif after == seq then
    return answer(0, {})
  end
  local frames = frames_of(history, after + 1, seq)
  if not frames or (tonumber(frames[1][2][4]) or 0) < kept_from then
    return answer(oldest(history), '')
  end
  return answer(after + 1, frames)
end

local topics = {}
for index = 1, (#KEYS - 2) / 2 do
  if index > 1 and spent >= most then
    break
  end
  local key, arg = 2 * index + 1, 3 * index + 5
  local is_read, found = pcall(topic, KEYS[key], KEYS[key + 1], ARGV[arg], ARGV[arg + 1], ARGV[arg + 2])
  if not is_read then
    found = { err = type(found) == 'table' and found.err or tostring(found) }
  end
  topics[index] = found
  spent = spent + BESIDE
end
return { int(generation), int(number), topics }
