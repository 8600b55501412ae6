#!lua flags=allow-oom
--[[
  Makes a timeline expire no earlier than an instant.

  KEYS[1]  the timeline
  ARGV[1]  epoch milliseconds

  Result:
    1  it expires then, or later
    0  there is no such timeline: what was appended is gone, and must be appended again
]]
local expires = redis.call('PEXPIRETIME', KEYS[1])
if expires == -2 then return 0 end
-- No expiry (-1) is what an append leaves that made the key: never is written as the year 9999.
if expires < tonumber(ARGV[1]) then redis.call('PEXPIREAT', KEYS[1], ARGV[1]) end
return 1
