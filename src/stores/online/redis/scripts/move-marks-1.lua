#!lua flags=allow-oom
--[[
  Moves marks of one node, all or none. Allowed when memory is full: the rows that they prove are in.

  KEYS[1]  the node's record
  ARGV[1]  the claim that the record must have; empty: it must not be there
  ARGV[2]  the claim that it gets; where that is another, the record begins anew
  ARGV[3]  what it gets as its count of evictions where it begins anew
  ARGV[4]  what it is called where it begins anew: a text that no other record has had
  ARGV[5]  the writer's field
  ARGV[6]  what the writer put there behind its last row; empty: it wrote no rows to this node
  ARGV[7]  the state that the writer last saw; empty: none
  ARGV[8...]  place, the offset that it must have (empty: none), the offset that it gets; and so on

  Result:
    { 'OK', state }         done; the state counts further
    { 'CLAIM' }             the record has another claim
    { 'BACK' }              the record is older than that
    { 'ROWS' }              the writer's field is not there: the node has lost it, and maybe the rows before it
    { 'MARK' }              a place has another offset
]]
local record = KEYS[1]
local claim = redis.call('HGET', record, 'slots') or ''
if claim ~= ARGV[1] then return { 'CLAIM' } end
local born, version
if claim ~= '' then
  born, version = string.match(redis.call('HGET', record, 'state'), '^(.*)/(%d+)$')
  local seenBorn, seen = string.match(ARGV[7], '^(.*)/(%d+)$')
  if seen and (born ~= seenBorn or tonumber(version) < tonumber(seen)) then return { 'BACK' } end
end
if ARGV[6] ~= '' and redis.call('HGET', record, ARGV[5]) ~= ARGV[6] then return { 'ROWS' } end
local fresh = claim ~= ARGV[2]
for i = 8, #ARGV, 3 do
  local found = not fresh and redis.call('HGET', record, ARGV[i]) or ''
  if found ~= ARGV[i + 1] then return { 'MARK' } end
end
if fresh then
  born, version = ARGV[4], 0
  -- Where there is no claim, there is at most what writers have put there just now.
  if claim ~= '' then redis.call('DEL', record) end
  redis.call('HSET', record, 'slots', ARGV[2], 'evicted', ARGV[3])
end
for i = 8, #ARGV, 3 do
  redis.call('HSET', record, ARGV[i], ARGV[i + 2])
end
local state = string.format('%s/%d', born, version + 1)
redis.call('HSET', record, 'state', state)
redis.call('HDEL', record, ARGV[5])
return { 'OK', state }
