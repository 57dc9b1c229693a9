-- What every script begins with.

-- Beyond this numbers are not exact.
local MOST = 2 ^ 52

-- A number as text: Lua would write large ones as 1.7e+12.
local function int(number)
  return string.format('%.0f', number)
end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

-- What was written as a number, if it is one of ours.
local function exact(text)
  local number = tonumber(text)
  return number and number >= 0 and number <= MOST and number or nil
end

-- The shard's generation, the number of its newest publication, what the epochs of its topics begin with, and the latest of the
-- periods that they end with. `seen` is the newest that the caller knows of: where the shard is behind that, what is in this
-- server was lost or is older than what was there before. Then a new generation begins, in which every topic begins in a new
-- epoch; `name` was never used before.
local function shard(state, stream, seen_generation, seen_number, shards, name)
  local known = redis.call('HMGET', state, 'generation', 'number', 'epochs', 'period')
  local generation, number = exact(known[1]), exact(known[2])
  local seen = tonumber(seen_generation)
  if generation and number and known[3]
    and (generation > seen or (generation == seen and number >= tonumber(seen_number))) then
    return generation, number, known[3], exact(known[4]) or 0
  end
  -- Later than everything that anybody can have seen, so that the ids of entries go on rising.
  local newest = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)
  local last = newest[1] and tonumber(string.match(newest[1][1], '^%d+')) or 0
  if last > MOST then
    -- Nothing can be later than what somebody else has written there.
    redis.call('DEL', stream)
    last = 0
  end
  generation = math.max(now, seen + 1, last + 1, (generation or 0) + 1)
  redis.call('HSET', state, 'generation', int(generation), 'number', '0', 'epochs', name, 'shards', shards, 'period', '0')
  return generation, 0, name, 0
end

-- Whether a fence lets pass what has this term: nobody has taken over since. `key` is none where there is no fence. Nobody has to
-- be remembered before somebody has taken over.
local function lets_pass(key, term, remembered)
  if not key then
    return true
  end
  if (redis.call('GET', key) or '0') ~= term then
    return false
  end
  if term ~= '0' then
    redis.call('PEXPIRE', key, remembered)
  end
  return true
end

local function fenced()
  return redis.error_reply('FENCED somebody else has taken over')
end

-- The epoch of topics that begin now. It is another one whenever a topic can have been forgotten in between, so that no topic
-- comes back in an epoch that it had; and nothing has to be kept of a topic before something is published to it. A clock that
-- is set back brings back none: `latest` is the latest period that there was.
local function epoch_now(state, generation, epochs, latest, remembered)
  local period = math.floor((now - generation) / tonumber(remembered))
  if period > latest then
    redis.pcall('HSET', state, 'period', int(period))
    latest = period
  end
  return epochs .. '.' .. int(latest)
end

-- What is kept of somebody else under our keys.
local function stranger(key)
  return redis.error_reply('STRANGER ' .. key .. ' holds something that no server of Tightwire has written')
end
