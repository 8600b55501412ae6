#!lua flags=allow-oom
--[[
  Replaces the beginning of a timeline where it is still what was read, and keeps what was appended since and the expiry.
  Allowed when memory is full, as it is what makes room.

  KEYS[1]  the timeline
  ARGV[1]  how many bytes were read
  ARGV[2]  their SHA-1, in hexadecimal
  ARGV[3]  what takes their place

  Result:
    1  done
    0  the beginning is another, or the timeline is gone: nothing changed
]]
local length = tonumber(ARGV[1])
local held = redis.call('GET', KEYS[1])
if not held or #held < length then return 0 end
if redis.sha1hex(string.sub(held, 1, length)) ~= ARGV[2] then return 0 end
local rows = ARGV[3] .. string.sub(held, length + 1)
if #rows == 0 then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], rows, 'KEEPTTL')
end
return 1
