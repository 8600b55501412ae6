#!lua flags=allow-oom
--[[
  Takes the marks of a group away from one node, and notes that it was done: who knew them must not take that for a loss.

  KEYS[1]  the node's record
  ARGV[1]  what the group's places begin with
  ARGV[2]  the field where it is noted

  Result:
    how many marks went
]]
local record = KEYS[1]
local removed = 0
for _, field in ipairs(redis.call('HKEYS', record)) do
  if string.sub(field, 1, #ARGV[1]) == ARGV[1] then removed = removed + redis.call('HDEL', record, field) end
end
if removed == 0 then return 0 end
local born, version = string.match(redis.call('HGET', record, 'state'), '^(.*)/(%d+)$')
redis.call('HSET', record, 'state', string.format('%s/%d', born, version + 1), ARGV[2], string.format('%d', version + 1))
return removed
