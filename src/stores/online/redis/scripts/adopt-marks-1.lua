#!lua flags=allow-oom
--[[
  Gives a node whose slots have changed the marks that hold for all of them, once.

  KEYS[1]  the node's record
  ARGV[1]  its claim now
  ARGV[2]  its count of evictions
  ARGV[3]  what it is called if it is the first record there
  ARGV[4]  all nodes as whoever does it sees them, for who saw them before him
  ARGV[5...]  place, offset; and so on

  Result:
    1  done
    0  somebody else has done it
]]
local record = KEYS[1]
if redis.call('HGET', record, 'slots') == ARGV[1] then return 0 end
-- What stood here goes on, for readers that know it.
local state = redis.call('HGET', record, 'state') or (ARGV[3] .. '/0')
local born, version = string.match(state, '^(.*)/(%d+)$')
redis.call('DEL', record)
redis.call('HSET', record, 'slots', ARGV[1], 'evicted', ARGV[2], 'state', string.format('%s/%d', born, version + 1))
redis.call('HSET', record, 'nodes', ARGV[4])
for i = 5, #ARGV, 2 do
  redis.call('HSET', record, ARGV[i], ARGV[i + 1])
end
return 1
