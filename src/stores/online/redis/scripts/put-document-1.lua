#!lua flags=allow-oom
--[[
  Writes a document if nobody else has since it was read. Allowed when memory is full: documents say what is complete.

  KEYS[1]  the hash of all documents
  ARGV[1]  the document's name
  ARGV[2]  the version that it must have; 0: it must not be there
  ARGV[3]  its new text: the new version, a blank, JSON

  Result:
    1  written
    0  it has another version
]]
local found = redis.call('HGET', KEYS[1], ARGV[1])
local version = found and string.match(found, '^%d+') or '0'
if version ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
