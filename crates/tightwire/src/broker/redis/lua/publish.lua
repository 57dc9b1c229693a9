-- Gives a publication the next position of its topic, keeps it, and hands it to all nodes.
-- KEYS: 1 state, 2 stream, 3 history, 4 meta, 5 writer, 6 idempotency key or fence, if there is one
-- ARGV: 1 generation and 2 number that the caller has seen, 3 number of shards, 4 a new name,
--   5 number of the publication among the writer's, 6 whether to keep it, 7 frames, 8 milliseconds and 9 bytes to keep,
--   10 milliseconds to remember a topic, 11 frames of the stream, 12 form, 13 topic, 14 id, 15 ts, 16 correlation_id,
--   17 type, 18 delivery, 19 data, 20 what is said with the idempotency key, in short, 21 milliseconds to remember it,
--   22 term, or empty: what KEYS has is no fence, 23 milliseconds to remember it
-- Returns the generation, the number, the epoch, the sequence number, the id and what was said in short, and whether it was
-- published now: then the number is its own. With an idempotency key epoch, sequence number, id and what was said are of what
-- was first published with it.

-- What a frame takes beside its data.
local BESIDE = 200
local WRITER_MS = 3600000

-- Whether a stream takes no entry since it has a later one.
local function has_later(refusal)
  return string.find(refusal.err, 'equal or smaller', 1, true) or string.find(refusal.err, 'exhausted the last', 1, true)
end

local generation, number, epochs, period = shard(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[4])
local id, data = ARGV[14], ARGV[19]
local meta = redis.call('HMGET', KEYS[4], 'generation', 'epoch', 'seq', 'first', 'at', 'bytes')
local is_known = meta[1] == int(generation)
local epoch, seq, first, at, bytes
if is_known then
  epoch, seq, first = meta[2], tonumber(meta[3]), tonumber(meta[4])
  at, bytes = tonumber(meta[5]), tonumber(meta[6])
  if not (epoch and seq and first and at and bytes) then
    return stranger(KEYS[4])
  end
else
  epoch, seq, first, at, bytes = epoch_now(KEYS[1], generation, epochs, period, ARGV[10]), 0, 1, now, 0
end

-- The writer repeats what it has not got an answer for. Later attempts may overtake earlier ones, so whatever is not newer
-- than the newest was there. What comes after a hole was not there: the publication before it was refused, or the number of
-- the newest was lost together with what it stood for. The writer takes a new name then.
local written, k = tonumber(redis.call('GET', KEYS[5]) or '0'), tonumber(ARGV[5])
if k > written + 1 then
  return redis.error_reply('WRITER the publication before it is missing')
end

local once, fence = KEYS[6], nil
if ARGV[22] ~= '' then
  once, fence = nil, KEYS[6]
end

if once then
  local known = redis.call('HMGET', once, 'epoch', 'seq', 'id', 'said')
  if known[1] then
    if k > written then
      redis.call('SET', KEYS[5], ARGV[5], 'PX', WRITER_MS)
    end
    return { int(generation), int(number), known[1], known[2], known[3], known[4], 0 }
  end
end

if k <= written then
  local position = int(seq)
  if is_known and ARGV[6] == '1' then
    for _, entry in ipairs(redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 512)) do
      if entry[2][2] == id then
        position = string.match(entry[1], '^%d+')
        break
      end
    end
  end
  return { int(generation), int(number), epoch, position, id, ARGV[20], 0 }
end

-- What was done before somebody took over was done.
if not lets_pass(fence, ARGV[22], ARGV[23]) then
  return fenced()
end

local frames, age, most = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local text = ''
if ARGV[6] == '1' then
  if not is_known then
    redis.call('DEL', KEYS[3], KEYS[4])
  end
  if at < now - age and first <= seq and redis.call('EXISTS', KEYS[3]) == 0 then
    -- All that was kept has expired.
    first, bytes = seq + 1, 0
  end
  seq = seq + 1
  text = int(seq)
  local kept = redis.pcall('XADD', KEYS[3], text .. '-0', 'id', id, 'at', int(now), 'ts', ARGV[15],
    'correlation_id', ARGV[16], 'type', ARGV[17], 'delivery', ARGV[18], 'data', data)
  if type(kept) == 'table' and kept.err then
    if not has_later(kept) then
      return kept
    end
    -- What is kept is not what is known of it: then neither is of use.
    redis.call('DEL', KEYS[3], KEYS[4])
    epoch, seq, first, bytes, text = ARGV[4], 1, 1, 0, '1'
    redis.call('HSET', KEYS[4], 'generation', int(generation), 'epoch', epoch, 'seq', '0', 'first', '1',
      'at', int(now), 'bytes', '0', 'last', '')
    redis.call('XADD', KEYS[3], '1-0', 'id', id, 'at', int(now), 'ts', ARGV[15],
      'correlation_id', ARGV[16], 'type', ARGV[17], 'delivery', ARGV[18], 'data', data)
  end
end

number = number + 1
local sent
for _ = 1, 2 do
  sent = redis.pcall('XADD', KEYS[2], 'MAXLEN', '~', ARGV[11], int(generation) .. '-' .. int(number), 'form', ARGV[12],
    'topic', ARGV[13], 'epoch', epoch, 'seq', text, 'id', id, 'ts', ARGV[15], 'correlation_id', ARGV[16],
    'type', ARGV[17], 'delivery', ARGV[18], 'data', data)
  if type(sent) ~= 'table' or not has_later(sent) then
    break
  end
  -- Somebody else has written into the stream. Whoever has not read all of it finds it in the histories.
  redis.call('DEL', KEYS[2])
end
if type(sent) == 'table' then
  -- Nobody would hear of it: then it is not kept either.
  if text == '1' then
    redis.call('DEL', KEYS[3])
  elseif text ~= '' then
    redis.call('XDEL', KEYS[3], text .. '-0')
    redis.call('XSETID', KEYS[3], int(seq - 1) .. '-0')
  end
  return sent
end

if text ~= '' then
  bytes = bytes + #data + BESIDE
  if first == seq then
    at = now
  end
  local rounds = 0
  while first <= seq and rounds < 32 and (seq - first >= frames or bytes > most or at < now - age) do
    rounds = rounds + 1
    local next_first = first
    for _, entry in ipairs(redis.call('XRANGE', KEYS[3], '-', '+', 'COUNT', 2)) do
      local of, fields = tonumber(string.match(entry[1], '^%d+')), entry[2]
      at = tonumber(fields[4]) or 0
      if seq - of >= frames or bytes > most or at < now - age then
        bytes = bytes - #(fields[14] or '') - BESIDE
        next_first = of + 1
      else
        next_first = of
        break
      end
    end
    if next_first == first then
      break
    end
    first = next_first
    redis.call('XTRIM', KEYS[3], 'MINID', int(first) .. '-0')
  end
  redis.call('HSET', KEYS[4], 'generation', int(generation), 'epoch', epoch, 'seq', text, 'first', int(first),
    'at', int(at), 'bytes', int(bytes), 'last', id)
  redis.call('PEXPIRE', KEYS[3], ARGV[8])
  redis.call('PEXPIRE', KEYS[4], ARGV[10])
end

redis.call('HSET', KEYS[1], 'number', int(number))
redis.call('SET', KEYS[5], ARGV[5], 'PX', WRITER_MS)
if once then
  redis.call('HSET', once, 'epoch', epoch, 'seq', int(seq), 'id', id, 'said', ARGV[20])
  redis.call('PEXPIRE', once, ARGV[21])
end
return { int(generation), int(number), epoch, int(seq), id, ARGV[20], 1 }
