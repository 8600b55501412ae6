#!lua flags=allow-oom
--[[
  Removes a document if nobody else has written it since it was read.

  KEYS[1]  the hash of all documents
  ARGV[1]  the document's name
  ARGV[2]  the version that it must have

  Result:
    1  removed
    0  it has another version, or is not there
]]
local found = redis.call('HGET', KEYS[1], ARGV[1])
if not found or string.match(found, '^%d+') ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
return 1
